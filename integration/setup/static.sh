#!/usr/bin/env bash
# Leaves Seaway at target/static/seaway as one file that needs no library: what the image holds.
# Linux with glibc only, and with its static library (Debian: libc6-dev, Fedora: glibc-static).
#
# With every provider, as the image is for all, unless FEATURES names others. The flag goes to the last crate alone: procedural macros,
# which can't be static, don't see it.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ "$(uname -s)" = Linux ] || { echo "static.sh: static binaries are made on Linux only" >&2; exit 1; }
folder=${CARGO_TARGET_DIR:-target}
cargo rustc --locked --release --package seaway --features "${FEATURES-aws,gce}" --bin seaway -- -C target-feature=+crt-static
mkdir -p target/static
# The next `make build` replaces the file that cargo leaves, and not this one.
cp -f "$folder/release/seaway" target/static/seaway.new
mv -f target/static/seaway.new target/static/seaway
