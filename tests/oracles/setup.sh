#!/bin/sh
# Installs what the oracle tests compare with: setup.sh DIR makes a Python environment in DIR; the Node one is beside this file.
set -eu
dir=${1:?usage: setup.sh DIR}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
[ -x "$dir/bin/python" ] || python3 -m venv "$dir"
"$dir/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >&2
npm ci --prefix "$here" --no-audit --no-fund --loglevel=error >&2
echo "$dir/bin/python"
