#!/usr/bin/env bash
# Reports in Ray Data and Spark: an optional test, because both are large (700 MB, and a Java). It takes the wheel that bindings/python/tests/run.sh has
# built last. Not part of ./x test.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(realpath -m "${CARGO_TARGET_DIR:-$here/../../../../target}")/python"
java -version >/dev/null 2>&1 || { echo "run.sh: Spark wants a Java (Debian: apt-get install default-jre-headless)" >&2; exit 1; }
wheels=("$work"/plain/*.whl)
[ -e "${wheels[0]}" ] || { echo "run.sh: no wheel in $work/plain (bindings/python/tests/run.sh --build)" >&2; exit 1; }

venv="$work/clusters"
if ! cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
  rm -rf "$venv"
  "${MENJIE_PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/requirements.txt"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-index --force-reinstall "${wheels[0]}"
cd "$here"
# Not called test_…, so that the other run does not collect it. The workers import the package and the facts, too.
PYTHONPATH="$here/.." PYSPARK_PYTHON="$venv/bin/python" exec "$venv/bin/python" -m pytest -q -p no:cacheprovider --strict-markers --confcutdir "$here" reports.py "$@"
