#!/bin/sh
# venv.sh NAME IMPORTS: puts a Python venv with what NAME.txt names under target/NAME/, and tries to
# import the modules IMPORTS, separated by commas. Does nothing if the one that is there was made of the
# same NAME.txt. Prints errors only.
set -eu

name=$1 imports=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
wanted="$root/integration/setup/$name.txt"
venv="$root/target/$name"

fail() {
    echo "$name.sh: $*" >&2
    exit 1
}

# The copy is written last: a venv without it was never finished.
if cmp -s "$wanted" "$venv/$name.txt" && [ -x "$venv/bin/python" ]; then
    exit 0
fi
command -v python3 >/dev/null || fail "python3 is missing; install it (Debian: apt-get install python3-venv)"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || fail "Python 3.10 or later is needed"

rm -rf "$venv"
mkdir -p "$root/target"
python3 -m venv "$venv" || fail "python3 makes no venv here (Debian: apt-get install python3-venv)"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
    --requirement "$wanted" >"$venv/pip.log" 2>&1 || fail "pip does not work: $(cat "$venv/pip.log")"
"$venv/bin/python" -c "import $imports" || fail "what was installed does not run here"
cp "$wanted" "$venv/$name.txt"
