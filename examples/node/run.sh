#!/usr/bin/env bash
# run.sh WORK DEMO: the back end against a simulated hospital (the program menjie-demo, cargo build -p menjie-server). The package is this
# repository's; MENJIE_NODE_BINARY names its native part. Ends with "N passed, N failed".
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: run.sh WORK DEMO" >&2; exit 2; }
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
demo="$(readlink -f "$2")"
rm -rf "$1"
mkdir -p "$1/node_modules"
work="$(cd "$1" && pwd)"
cp "$here"/*.js "$work/"
ln -s "$here/../../bindings/node" "$work/node_modules/menjie"
cd "$work"
node trial.js "$demo" "$work/hospital"
