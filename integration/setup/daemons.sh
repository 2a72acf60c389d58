#!/usr/bin/env bash
# What the stories of load balancers on a box need of Debian: haproxy, nginx with its stream module,
# and keepalived. Installs what is missing if root asks, and says the one command otherwise. None of
# them is started, now or at the next boot: the stories start their own. Prints errors only.
set -euo pipefail
# Who is not root may have no sbin on the way.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

streams() {
  local built modules
  built=$(nginx -V 2>&1)
  grep -Eq -- '--with-stream( |$)' <<<"$built" && return
  modules=$(sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p' <<<"$built")
  [ -e "$modules/ngx_stream_module.so" ]
}

packages=()
services=()
for daemon in haproxy nginx keepalived; do
  command -v "$daemon" >/dev/null && continue
  packages+=("$daemon")
  services+=("$daemon.service")
done
if ! command -v nginx >/dev/null || ! streams; then packages+=(libnginx-mod-stream); fi
[ "${#packages[@]}" = 0 ] && exit 0

if [ "$(id -u)" != 0 ]; then
  echo "not all is here: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "not all is here, nor is apt-get: install ${packages[*]} as this system does" >&2
  exit 1
fi

log=$(mktemp)
# A policy that is there already is the machine's own.
policy=/usr/sbin/policy-rc.d
ours=
if [ ! -e "$policy" ]; then
  ours=$policy
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
trap 'rm -f "$log" $ours' EXIT
trap 'exit 130' INT TERM

quietly() {
  "$@" >"$log" 2>&1 && return
  cat "$log" >&2
  echo "daemons.sh: this does not work: $*" >&2
  exit 1
}

export DEBIAN_FRONTEND=noninteractive
quietly apt-get update
quietly apt-get install --yes --no-install-recommends "${packages[@]}"
# Debian has them start with the machine, where they would take its port 80.
if [ "${#services[@]}" != 0 ] && command -v systemctl >/dev/null; then
  quietly systemctl disable "${services[@]}"
fi
