#!/usr/bin/env bash
# Runs the stories on a real cluster that is there for them alone. STORIES names the test binaries of
# integration/tests, ARGS is for the test runner.
set -euo pipefail
cd "$(dirname "$0")/../.."

# A cluster of somebody's has no machines of ours, and its Services must not be cleared away between
# the stories.
if [ -n "${KUBECONFIG:-}" ]; then
  echo "not run on $KUBECONFIG: ${STORIES:?}" >&2
  echo "each of them needs nodes and pods that obey it, and clears the namespace default;" >&2
  echo "make e2e without KUBECONFIG makes a cluster for them" >&2
  exit 1
fi
echo "only on the sandbox: demo, which is about the demo itself" >&2
tests=()
for story in ${STORIES:?}; do tests+=(--test "$story"); done
# There is no way to a registry from inside. What is ignored elsewhere needs a cluster such as this one.
cargo test --locked --quiet --package seaway-integration "${tests[@]}" --no-run
exec target/cluster/seaway-cluster run --nodes 4 -- \
  cargo test --locked --offline --no-fail-fast --package seaway-integration "${tests[@]}" -- \
  --include-ignored --test-threads=1 ${ARGS:-}
