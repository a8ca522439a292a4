#!/bin/sh
# Makes the Python environment of the peers: setup.sh DIR; prints the interpreter to pass as --python.
set -eu
dir=${1:?usage: setup.sh DIR}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >&2
echo "$dir/bin/python"
