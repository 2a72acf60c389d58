#!/usr/bin/env bash
# Runs target/static/seaway as the image has it: alone in a root that can't be written to, as the
# user of the Containerfile. Beside it is what a container runtime puts into every container. Takes
# no runtime and no root; what is mounted is seen here only, and is gone at the end.
set -euo pipefail
cd "$(dirname "$0")/../.."

unshare --user --map-root-user --mount true || {
  echo 'image.sh: it takes user namespaces; run it as root, or see kernel.apparmor_restrict_unprivileged_userns' >&2
  exit 1
}
entry=$(sed -n 's/^ENTRYPOINT \["\(.*\)"\]$/\1/p' Containerfile)
user=$(sed -n 's/^USER \([0-9]*\):[0-9]*$/\1/p' Containerfile)
root=$(mktemp -d)
sandbox=
trap '[ -z "$sandbox" ] || kill "$sandbox"; rm -rf "$root"' EXIT
mkdir -p "$root/dev" "$root/etc" "$root/tmp" "$root$(dirname "$entry")"
cp target/static/seaway "$root$entry"
touch "$root/dev/null" "$root/dev/random" "$root/dev/urandom"
chmod 755 "$root"

# An API server by a name that only the hosts file has: glibc looks it up without the libraries that
# it would load elsewhere.
target/static/seaway sandbox --nodes 0 --kubeconfig "$root/sandbox" >"$root/sandbox.log" 2>&1 &
sandbox=$!
for _ in $(seq 100); do
  grep -q Ctrl-C "$root/sandbox.log" && break
  sleep 0.1
done
by_name() {
  sed "s|^\( *\)server: https://127.0.0.1:\(.*\)|\1server: https://$1:\2\n\1tls-server-name: 127.0.0.1|" \
    "$root/sandbox" >"$root/$1"
}
echo '127.0.0.1 api.example' >"$root/etc/hosts"
by_name api.example
by_name nowhere.invalid

# contained [--tmp] ARGUMENTS: --tmp as in `docker run --tmpfs /tmp`
contained() {
  local tmp=
  if [ "$1" = --tmp ]; then tmp=1; shift; fi
  root=$root entry=$entry user=$user tmp=$tmp \
    unshare --user --map-root-user --mount -- bash -ec '
      mount --bind "$root" "$root"
      for device in null random urandom; do
        mount --bind "/dev/$device" "$root/dev/$device"
      done
      [ -z "$tmp" ] || mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
      mount -o remount,bind,ro "$root"
      exec env -i "$(command -v unshare)" --user --map-user="$user" --map-group="$user" \
        --root="$root" --wd=/ "$entry" "$@"' bash "$@" 2>&1
}

# check NAME PATTERN CODE [--tmp] ARGUMENTS
check() {
  local name=$1 pattern=$2 expected=$3 said code=0
  shift 3
  said=$(contained "$@") || code=$?
  if [ "$code" != "$expected" ] || ! grep -Eq "$pattern" <<<"$said"; then
    printf 'image: %s: code %s, and not %s with /%s/:\n%s\n' "$name" "$code" "$expected" "$pattern" "$said"
    exit 1
  fi
  echo "image: $name"
}

check 'it starts' '^seaway [0-9.]+$' 0 --version
check 'it shows all of it' 'check +passed' 0 --tmp demo --exit-after-check
check 'without a /tmp it says what it needs' "can't write the kubeconfig /tmp/.*choose a path" 1 \
  demo --exit-after-check
check 'a name is resolved' '^nothing to do$' 0 plan --kubeconfig /api.example
check 'a name that nobody has is told' 'nowhere.invalid:.*(lookup|resolve)' 1 \
  plan --kubeconfig /nowhere.invalid
check 'outside of a pod it finds no cluster' 'run in a pod with a service account' 1 plan
