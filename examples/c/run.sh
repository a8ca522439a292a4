#!/usr/bin/env bash
# run.sh PREFIX WORK [DEMO]: builds the kiosks with make and with CMake against the library that is installed in PREFIX (built with the feature server), runs them with keys
# made for the occasion, and compares what they print. DEMO is the program menjie-demo, the hospital of the kiosk that has a server; the debug
# build unless it is named. Ends with "N passed, N failed".
set -euo pipefail
[ $# -eq 2 ] || [ $# -eq 3 ] || { echo "usage: run.sh PREFIX WORK [DEMO]" >&2; exit 2; }
prefix="$(cd "$1" && pwd)"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
demo="${3:-${CARGO_TARGET_DIR:-$here/../../target}/debug/menjie-demo}"
[ -x "$demo" ] || { echo "run.sh: $demo is missing (cargo build -p menjie-server)" >&2; exit 1; }
rm -rf "$2"
mkdir -p "$2/keys"
work="$(cd "$2" && pwd)"

# The writer's key lies on the kiosk and is not encrypted; the auditor's is only here because this is a trial.
for who in writer auditor; do
  openssl genpkey -algorithm SM2 -out "$work/keys/$who.pem" 2>/dev/null
  openssl pkey -in "$work/keys/$who.pem" -pubout -out "$work/keys/$who.pub"
  chmod 600 "$work/keys/$who.pem"
done

for program in kiosk own_his server_kiosk; do
  PKG_CONFIG_PATH="$prefix/lib/pkgconfig" make --silent -C "$here" PROGRAM="$program" OUT="$work/$program-make"
done
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

# holds WHAT COMMAND…: one check.
holds() {
  local what="$1"
  shift
  if "$@"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "not so: $what" >&2
  fi
}

# A hospital with a server on free ports of loopback: its addresses as one line of JSON, then commands, each answered by one line
# (menjie-demo --help). It ends with its standard input.
coproc HOSPITAL { exec "$demo" --control --seed 7 --visits 24 --folder "$work/hospital"; }
hospital=$HOSPITAL_PID
exec 3<&"${HOSPITAL[0]}" 4>&"${HOSPITAL[1]}"
eval "exec ${HOSPITAL[0]}<&- ${HOSPITAL[1]}>&-"
heard() { IFS= read -r -t 120 -u 3 line && printf '%s\n' "$line"; }
member() { sed -nE "s/.*\"$1\":\"([^\"]*)\".*/\1/p"; }
base="$(heard | member base)"
[ -n "$base" ] || { echo "run.sh: the hospital does not open" >&2; exit 1; }
echo earlier >&4
card="$(heard | member card_no)"

# served CARD LOG: a kiosk serves somebody, who scans the code that it shows. What differs from day to day is left out.
served() {
  KIOSK_QR="sed 's/^/█▀▄ /;s/\$/\n/'" "$work/server_kiosk-make" "$base" "$1" "$work/keys" "$2" 2>"$work/server.err" 3<&- 4>&- | while IFS= read -r shown; do
    case "$shown" in
      "█▀▄ "*)
        [ "${shown#* }" = "$code" ] || echo "another code is drawn"
        continue
        ;;
      "请扫码支付 "*)
        code="${shown#* }"
        echo "scan $code" >&4
        [ "$(heard)" = done ] || echo "the code cannot be paid"
        ;;
    esac
    sed -E 's/^(请扫码支付|收据号|缴费时间) .*/\1 …/' <<<"$shown"
  done
}
pays() { served "$card" "$work/log-server" >"$work/server.txt" && diff "$work/server.txt" "$here/server_kiosk.txt"; }
holds "the kiosk with a server pays, prints and is refused across the month" pays
nobody() { ! served NOBODY "$work/log-nobody" >"$work/nobody.txt" && grep -q no_file "$work/nobody.txt" && ! grep -q 待缴 "$work/nobody.txt"; }
holds "a card that nobody has opens nothing" nobody
exec 4>&- 3<&-
wait "$hospital" || { echo "run.sh: the hospital ended badly" >&2; failed=$((failed + 1)); }
away() { ! served "$card" "$work/log-away" >"$work/away.txt" && grep -q '"code":710' "$work/server.err"; }
holds "a server that is away is told" away

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
