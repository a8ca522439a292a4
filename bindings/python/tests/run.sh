#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment below target/python, and tests it there. menjie-demo (cargo build -p menjie-server)
# must be in target/debug: it is the hospital that some tests call. The other hosts, which are compared with this one, are built when they are
# not there or old. MENJIE_PYTHON_PROFILE=release tests the release build instead of the debug build: what panics is an error there, too.
# Ends with "python total: N passed, N failed". With --build it only builds.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../../.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
work="$target/python"
python="${PYTHON:-python3}"
demo="$target/debug/menjie-demo"
profile="${MENJIE_PYTHON_PROFILE:-debug}"
[ "$profile" = debug ] || [ "$profile" = release ] || { echo "run.sh: MENJIE_PYTHON_PROFILE is debug or release" >&2; exit 1; }
[ -x "$demo" ] || { echo "run.sh: $demo is missing (cargo build -p menjie-server)" >&2; exit 1; }
mkdir -p "$work"
# One at a time: ./x builds beside other tests what the tests need.
exec 9>"$target/python.lock"
flock 9
for tool in cc node; do
  command -v "$tool" >/dev/null || { echo "run.sh: $tool is missing" >&2; exit 1; }
done
# A log is written from other languages as well (test_languages.py), and what they answer is compared (test_hosts.py): one that is older than a
# source may answer otherwise.
other() {
  [ -e "$target/debug/$1" ] && [ -z "$(find "$root/core" "$root/adapters" "$root/bindings" -name '*.rs' -newer "$target/debug/$1" -print -quit)" ] && return
  cargo build --quiet --manifest-path "$root/Cargo.toml" -p "$2"
}
other menjie menjie-cli
other libmenjie.so menjie-c
other libmenjie_node.so menjie-node

# Made anew when the requirements change; the package is installed anew each time.
if ! cmp -s "$here/requirements.txt" "$work/requirements.txt"; then
  rm -rf "$work/venv" "$work/requirements.txt"
  "$python" -m venv "$work/venv"
  "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$work/requirements.txt"
fi

# One wheel for the tests, with the entry points that panic, and one as it is shipped, which test_package.py looks into and installs in
# an empty environment.
rm -rf "$work/wheels" "$work/plain"
# In a folder of its own: nobody may take what panics for what is shipped.
[ "$profile" = debug ] || export CARGO_TARGET_DIR="$target/python-testing"
build() { "$work/venv/bin/maturin" build --quiet --manifest-path "$here/../Cargo.toml" --profile "${profile/debug/dev}" --compatibility linux --interpreter "$work/venv/bin/python" "$@"; }
build --out "$work/plain"
build --out "$work/wheels" --features testing
[ "${1:-}" != --build ] || exit 0
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --force-reinstall "$work"/wheels/*.whl

cd "$here"
export MENJIE_CLI="$target/debug/menjie" MENJIE_C_LIBRARY="$target/debug/libmenjie.so" MENJIE_NODE_BINARY="$target/debug/libmenjie_node.so"
export MENJIE_ROOT="$root" MENJIE_DEMO="$demo" MENJIE_WHEEL="$(ls "$work"/plain/*.whl)"
status=0
"$work/venv/bin/python" -m pytest -q -p no:cacheprovider --strict-markers --junitxml "$work/tests.xml" "$@" || status=$?
"$work/venv/bin/python" - "$work/tests.xml" "$status" <<'P'
import sys
import xml.etree.ElementTree as tree

suite = tree.parse(sys.argv[1]).getroot().find("testsuite")
told = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
# What was skipped was not tested.
failed = told["failures"] + told["errors"] + told["skipped"]
print(f"python total: {told['tests'] - failed} passed, {failed} failed")
sys.exit(0 if failed == 0 and told["tests"] > 0 and sys.argv[2] == "0" else 1)
P
