# A thin front: `make help` lists what there is.
SHELL := /bin/bash
export SEAWAY_BIN := $(CURDIR)/target/debug/seaway
export SEAWAY_KUBECTL := $(CURDIR)/target/tools/kubectl
ARGS ?=

.PHONY: help demo build check test bench-demo

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: build ## show all of it on this machine; ARGS=--exit-after-check does it once
	@exec target/release/seaway demo $(ARGS)

build: ## leave the binary at target/release/seaway
	cargo build --locked --release --package seaway

check: ## the quick inner loop: lints and the tests that need no process and no daemon
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace --lib --bins --quiet

test: target/tools/kubectl ## all tests of this machine; fetches kubectl first
	cargo build --locked --package seaway
	cargo test --locked --workspace

bench-demo: ## from apply to address on the sandbox: one figure a line, name value unit
	@$(MAKE) --silent build >&2
	@cargo build --locked --release --quiet --package seaway-integration --bin bench-demo >&2
	@SEAWAY_BIN=$(CURDIR)/target/release/seaway target/release/bench-demo

target/tools/kubectl: integration/setup/kubectl.sh
	bash integration/setup/kubectl.sh
