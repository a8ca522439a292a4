#!/usr/bin/env bash
# The tests of the npm package: types, node:test over a debug build whose panics can be provoked, the package packed and installed in an empty
# folder, the example against the demo. MENJIE_NODE_PROFILE=release tests the release build instead: what panics is an error there, too.
# Ends with "node total: N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
root="$PWD"
target="${CARGO_TARGET_DIR:-target}"
case "$target" in /*) ;; *) target="$root/$target" ;; esac
package="$root/bindings/node"

for tool in node npm openssl; do
  command -v "$tool" >/dev/null || { echo "node: $tool is missing" >&2; exit 1; }
done
case "${MENJIE_NODE_PROFILE:-debug}" in
  debug) cargo build --quiet -p menjie-node --features testing ;;
  # In a folder of its own: nobody may take it for what is shipped.
  release) cargo build --quiet --release -p menjie-node --features testing --target-dir "$target/node-testing" ;;
  *) echo "node: MENJIE_NODE_PROFILE is debug or release" >&2; exit 1 ;;
esac
[ -x "$target/debug/menjie" ] || cargo build --quiet -p menjie-cli
[ -x "$target/debug/menjie-demo" ] || cargo build --quiet -p menjie-server
export MENJIE_CLI="$target/debug/menjie" MENJIE_DEMO="$target/debug/menjie-demo"
export MENJIE_NODE_BINARY="$target/debug/libmenjie_node.so"
work="$target/node"
rm -rf "$work"
mkdir -p "$work"
(cd "$package" && npm ci --silent --no-audit --no-fund --ignore-scripts)

passed=0
failed=0
holds() {
  local name="$1"
  shift
  if "$@" >"$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "node: $name: passed"
  else
    failed=$((failed + 1))
    echo "node: $name: FAILED"
    tail -n 40 "$work/log"
  fi
}

types() { "$package/node_modules/.bin/tsc" -p "$package/tests/tsconfig.json"; }
holds "types, strict" types

# tests: every check of node:test counts; none may be skipped.
tests() {
  local log="$work/tests.log" code=0 ok bad left
  (cd "$package" && node --test --test-reporter=tap tests/*.test.js) >"$log" 2>&1 || code=$?
  count() { sed -nE "s/^# $1 ([0-9]+)$/\1/p" "$log" | tail -n 1; }
  ok="$(count pass)" bad="$(count fail)" left=$(($(count skipped) + $(count todo) + $(count cancelled)))
  grep -E '^# node measured' "$log" || true
  passed=$((passed + ${ok:-0}))
  failed=$((failed + ${bad:-0} + left))
  if [ "$code" -ne 0 ] || [ "${ok:-0}" -eq 0 ]; then
    failed=$((failed + (${bad:-0} == 0 ? 1 : 0)))
    grep -E '^ *not ok|error:|failureType|expected:|actual:' "$log" | head -n 60
    tail -n 12 "$log"
  fi
}
tests

holds "packed, installed in an empty folder, run" bash "$package/tests/pack.sh" "$work/pack" "$MENJIE_NODE_BINARY"
holds "example" bash "$root/examples/node/run.sh" "$work/example" "$MENJIE_DEMO"

echo "node total: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
