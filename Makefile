# A thin front: `make help` lists what there is.
SHELL := /bin/bash
export SEAWAY_BIN := $(CURDIR)/target/debug/seaway
export SEAWAY_KUBECTL := $(CURDIR)/target/tools/kubectl
export SEAWAY_HELM := $(CURDIR)/target/tools/helm
ARGS ?=
# The stories that a real cluster is the place of: of most, as well as the sandbox.
STORIES ?= affinity aws_story coexist daemons dry_run gce_story kubectl local passthrough restart service wrong_input
CLUSTER_SOURCES := $(wildcard integration/cluster/*.go integration/cluster/*/*.go) \
	integration/cluster/go.mod integration/cluster/go.sum

.PHONY: help demo demo-aws demo-gce build check test cluster e2e static test-image bench-demo bench-controller bench-aws bench-gce bench-boxes bench-embedded

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

demo: build ## show all of it on this machine; ARGS=--exit-after-check does it once
	@exec target/release/seaway demo $(ARGS)

demo-aws: ## the provider aws on this machine, on a mock of AWS: no account, and no traffic
	@sh integration/setup/moto.sh
	@cargo build --locked --quiet --package seaway --features aws
	@cargo build --locked --quiet --package seaway-integration --bin demo-aws
	@exec target/debug/demo-aws

demo-gce: ## the provider gce on this machine, on a fake Compute Engine: no account, and no traffic
	@cargo build --locked --quiet --package seaway --features gce
	@cargo build --locked --quiet --package seaway-integration --bin demo-gce
	@exec target/debug/demo-gce

build: ## leave the binary at target/release/seaway
	cargo build --locked --release --package seaway

check: ## the quick inner loop: lints and the tests that need no process and no daemon
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo test --locked --workspace --lib --bins --quiet

test: target/tools/kubectl ## all tests of this machine; fetches kubectl, moto, two clients of Google's and the daemons first
	integration/setup/daemons.sh
	sh integration/setup/moto.sh
	sh integration/setup/google.sh
	cargo build --locked --package seaway --features aws,gce
	cargo test --locked --workspace --features seaway/aws,seaway/gce

static: ## leave the binary of the image, which needs no library, at target/static/seaway
	bash integration/setup/static.sh

test-image: static ## run that binary as the image does: in an empty root, and not as root
	bash integration/tests/image.sh

cluster: target/cluster/seaway-cluster ## leave a real cluster running until Ctrl-C; ARGS="--nodes 5"
	@exec $< up $(ARGS)

e2e: target/cluster/seaway-cluster target/tools/kubectl ## the stories on a real cluster, as root or in a user namespace
	integration/setup/daemons.sh
	sh integration/setup/moto.sh
	cargo build --locked --package seaway --features aws,gce
	STORIES="$(STORIES)" ARGS="$(ARGS)" integration/cluster/stories.sh
	cargo test --locked --quiet --package seaway-integration --test manifests --no-run
	target/cluster/seaway-cluster run -- \
	  cargo test --locked --offline --package seaway-integration --test manifests -- --ignored

bench-demo: ## from apply to address on the sandbox: one figure a line, name value unit
	@$(MAKE) --silent build >&2
	@cargo build --locked --release --quiet --package seaway-integration --bin bench-demo >&2
	@SEAWAY_BIN=$(CURDIR)/target/release/seaway target/release/bench-demo

bench-controller: ## Seaway beside the upstream service controller; ARGS="--services 200 --nodes 50"
	@$(MAKE) --silent target/cluster/seaway-cluster >&2
	@cargo build --locked --release --quiet --package seaway-controller --example bench-seaway >&2
	@cargo build --locked --release --quiet --package seaway-integration --bin bench-controller >&2
	@SEAWAY_CLUSTER=target/cluster/seaway-cluster SEAWAY_BENCH=target/release/examples/bench-seaway \
	  target/release/bench-controller $(ARGS)

bench-aws: ## AWS calls per event, interruptions, and 500 Services at the rates of AWS, on a mock; ARGS=converge for a part
	@sh integration/setup/moto.sh >&2
	@cargo build --locked --quiet --package seaway-integration --example bench-aws >&2
	@target/debug/examples/bench-aws $(ARGS)

bench-gce: ## calls to Compute Engine per event, with 500 Services on 300 nodes, and interruptions, on a fake; ARGS=calls for a part
	@cargo build --locked --quiet --package seaway-integration --example bench-gce >&2
	@target/debug/examples/bench-gce $(ARGS)

bench-boxes: ## how long a box with 1,000 Services and 100 nodes plans, by HAProxy and by Nginx
	@cargo build --locked --release --quiet --package seaway --example bench-boxes >&2
	@target/release/examples/bench-boxes

bench-embedded: ## connections through changes, and the ratios to HAProxy and Nginx; ARGS=changes, or ARGS="ratios --rounds 20"
	@integration/setup/daemons.sh >&2
	@$(MAKE) --silent build >&2
	@cargo build --locked --release --quiet --package seaway-integration --bin bench-embedded >&2
	@SEAWAY_BIN=$(CURDIR)/target/release/seaway target/release/bench-embedded $(ARGS)

target/tools/kubectl: integration/setup/kubectl.sh
	bash integration/setup/kubectl.sh

target/cluster/seaway-cluster: $(CLUSTER_SOURCES)
	integration/setup/nodes.sh
	cd integration/cluster && go test ./echo ./machine ./network ./control
	cd integration/cluster && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o ../../$@ .
