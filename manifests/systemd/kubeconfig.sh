#!/bin/sh
# Prints a kubeconfig with the token of one box, for /etc/seaway/kubeconfig on it: with the server and
# the CA of your own kubeconfig, so a box must reach the API server by the same name.
#
#     manifests/systemd/kubeconfig.sh box-1 >kubeconfig
set -eu
box=${1:?which box? kubeconfig.sh NAME, where the Secret is called seaway-NAME}
kubectl=${KUBECTL:-kubectl}
mine() { "$kubectl" config view --raw --minify --flatten -o "jsonpath={.clusters[0].cluster.$1}"; }
kept() { "$kubectl" -n seaway-system get secret "seaway-$box" -o "jsonpath={.data.$1}"; }

server=$(mine server)
ca=$(mine certificate-authority-data)
# The server writes it into the Secret a moment after that was made.
token=$(kept token | base64 -d)
[ -n "$server" ] || { echo "kubeconfig.sh: your kubeconfig names no server" >&2; exit 1; }
[ -n "$token" ] || { echo "kubeconfig.sh: the Secret seaway-$box has no token yet" >&2; exit 1; }
cat <<END
apiVersion: v1
kind: Config
clusters:
- name: cluster
  cluster:
    server: $server
    certificate-authority-data: ${ca:-$(kept 'ca\.crt')}
users:
- name: seaway
  user:
    token: $token
contexts:
- name: box
  context: {cluster: cluster, user: seaway}
current-context: box
END
