#!/usr/bin/env bash
# run.sh PREFIX WORK: builds the kiosks with make and with CMake against the library that is installed in PREFIX, runs them with keys made
# for the occasion, and compares what they print. Ends with "N passed, N failed".
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: run.sh PREFIX WORK" >&2; exit 2; }
prefix="$(cd "$1" && pwd)"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
rm -rf "$2"
mkdir -p "$2/keys"
work="$(cd "$2" && pwd)"

# The writer's key lies on the kiosk and is not encrypted; the auditor's is only here because this is a trial.
for who in writer auditor; do
  openssl genpkey -algorithm SM2 -out "$work/keys/$who.pem" 2>/dev/null
  openssl pkey -in "$work/keys/$who.pem" -pubout -out "$work/keys/$who.pub"
  chmod 600 "$work/keys/$who.pem"
done

PKG_CONFIG_PATH="$prefix/lib/pkgconfig" make --silent -C "$here" OUT="$work/kiosk-make"
PKG_CONFIG_PATH="$prefix/lib/pkgconfig" make --silent -C "$here" PROGRAM=own_his OUT="$work/own_his-make"
cmake -S "$here" -B "$work/build" -DCMAKE_PREFIX_PATH="$prefix" >"$work/cmake.log" 2>&1 || { cat "$work/cmake.log" >&2; exit 1; }
cmake --build "$work/build" >>"$work/cmake.log" 2>&1 || { tail -n 40 "$work/cmake.log" >&2; exit 1; }

passed=0
failed=0
# prints EXPECTED PROGRAM…: each of them prints that.
prints() {
  local expected="$1" program
  shift
  for program in "$@"; do
    rm -rf "$work/log"
    if "$program" "$here/../rust/data/unpaid.json" "$work/keys" "$work/log" | diff - "$here/$expected" >&2; then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
      echo "$program printed something else" >&2
    fi
  done
}
prints expected.txt "$work/kiosk-make" "$work/build/kiosk" "$work/build/kiosk-static"
prints own_his.txt "$work/own_his-make" "$work/build/own_his" "$work/build/own_his-static"
# Lines that HIS got wrong are refused by rule and field, and nothing is shown.
sed 's/"amount_fen": 9142/"amount_fen": 9143/' "$here/../rust/data/unpaid.json" >"$work/wrong.json"
rm -rf "$work/log"
if ! "$work/kiosk-make" "$work/wrong.json" "$work/keys" "$work/log" >"$work/wrong.txt" && grep -q 'lines\[0\].amount_fen' "$work/wrong.txt" && ! grep -q payable "$work/wrong.txt"; then
  passed=$((passed + 1))
else
  failed=$((failed + 1))
  cat "$work/wrong.txt" >&2
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
