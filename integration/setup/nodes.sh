#!/usr/bin/env bash
# What the machines of the real test cluster need of Debian: kube-proxy writes its rules with nft.
# Installs it if root asks, and says the one command otherwise.
set -euo pipefail
packages=(nftables)
if ! command -v go >/dev/null; then
  echo "go is not here: Go 1.26 or later builds the programs of the cluster, see https://go.dev/dl" >&2
  exit 1
fi
command -v nft >/dev/null && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "nft is not here: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
if ! command -v apt-get >/dev/null; then
  echo "nft is not here, nor apt-get: install ${packages[*]} as this system does" >&2
  exit 1
fi
apt-get update --quiet --quiet
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${packages[@]}"
