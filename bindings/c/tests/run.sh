#!/usr/bin/env bash
# The C tests: the library as a kiosk maker gets it (installed, found by pkg-config and CMake), linked shared and static, by gcc and clang,
# under AddressSanitizer (Rust instrumented, too) and valgrind; header, symbols, soname. Ends with "c total: N passed, N failed".
# MENJIE_C_PROFILE=kiosk tests the library as it is shipped instead of the debug build, and its size; MENJIE_C_ONLY=quick leaves AddressSanitizer and valgrind out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
root="$PWD"
target="${CARGO_TARGET_DIR:-target}"
case "$target" in /*) ;; *) target="$root/$target" ;; esac
profile="${MENJIE_C_PROFILE:-debug}"
work="$target/c"
tests="$root/bindings/c/tests"
mapfile -t vectors < <(find tests/vectors -name '*.json' -not -path '*/scenario/*' -not -path '*/files/*' | sort)
strict=(-std=c11 -O1 -g -Wall -Wextra -Wpedantic -Werror)

for tool in gcc clang g++ make cmake pkg-config valgrind openssl nm readelf; do
  command -v "$tool" >/dev/null || { echo "c: $tool is missing (Debian: apt-get install gcc g++ clang make cmake pkg-config valgrind openssl binutils libcjson-dev)" >&2; exit 1; }
done

passed=0
failed=0
# run NAME COMMAND…: a test program, which ends by saying how many of its checks held. It counts as one, however many they are: the same
# vectors are replayed by every build.
run() {
  local name="$1" log ok bad code=0
  shift
  log="$("$@" 2>"$work/stderr")" || code=$?
  ok="$(sed -nE 's/^([0-9]+) passed, [0-9]+ failed$/\1/p' <<<"$log")"
  bad="$(sed -nE 's/^[0-9]+ passed, ([0-9]+) failed$/\1/p' <<<"$log")"
  # One that ends without saying so, or badly although every check held, has failed.
  if [ "$code" -eq 0 ] && [ "${ok:-0}" -gt 0 ] && [ "$bad" -eq 0 ]; then
    passed=$((passed + 1))
    echo "c: $name: passed ($ok checks)"
  else
    failed=$((failed + 1))
    echo "c: $name: FAILED (${ok:-no} checks held, ${bad:-no} failed, exit code $code)"
    printf '%s\n' "$log" | tail -n 5
    head -n 60 "$work/stderr"
  fi
}

# holds NAME COMMAND…: one check.
holds() {
  local name="$1"
  shift
  if "$@" >"$work/stderr" 2>&1; then
    passed=$((passed + 1))
    echo "c: $name: passed"
  else
    failed=$((failed + 1))
    echo "c: $name: FAILED"
    head -n 40 "$work/stderr"
  fi
}

# Keys and an empty directory for a log.
stage() {
  rm -rf "$work/keys" "$work/log" "$work/log-closing" "$work/log-moved" "$work/log-ports" "$work/log-ports-copy"
  mkdir -p "$work/keys"
  local who
  for who in writer auditor; do
    openssl genpkey -algorithm SM2 -out "$work/keys/$who.pem" 2>/dev/null
    openssl pkey -in "$work/keys/$who.pem" -pubout -out "$work/keys/$who.pub"
    chmod 600 "$work/keys/$who.pem"
  done
}

# The files that vectors name, with the modes that key files must have: a log that is written to, so a fresh copy for every run.
vector_files() {
  export MENJIE_VECTOR_FILES="$work/vector-files"
  rm -rf "$MENJIE_VECTOR_FILES"
  cp -r tests/vectors/seal/files "$MENJIE_VECTOR_FILES"
  chmod -R u+rwX,go-rwx "$MENJIE_VECTOR_FILES"
}

# suite NAME WRAPPER… -- COMPILE…: builds the programs and runs them.
suite() {
  local name="$1" wrapper=() folder
  shift
  while [ "$1" != "--" ]; do wrapper+=("$1"); shift; done
  shift
  folder="$work/${name// /-}"
  mkdir -p "$folder"
  for program in vectors hostile batch batch_owning batch_hostile batch_views log ports; do
    "$1" "${strict[@]}" "$tests/$program.c" "$tests/json.c" "$tests/tables.c" -o "$folder/$program" "${@:2}" -pthread
  done
  vector_files
  run "$name, vectors" "${wrapper[@]}" "$folder/vectors" "${vectors[@]}"
  run "$name, hostile" "${wrapper[@]}" "$folder/hostile"
  for program in batch batch_owning batch_hostile batch_views; do
    run "$name, $program" "${wrapper[@]}" "$folder/$program"
  done
  stage
  run "$name, log" "${wrapper[@]}" "$folder/log" "$work/keys" "$work/log"
  run "$name, ports" "${wrapper[@]}" "$folder/ports" "$work/keys" "$work/log-ports"
}

mkdir -p "$work"
# With the server, because the example needs it; the default form is under AddressSanitizer, and weighed. That comes first: what lies
# in the folder afterwards is what the guide installs.
build=()
if [ "$profile" = kiosk ]; then
  build=(--profile kiosk)
  cargo build --quiet "${build[@]}" -p menjie-c
  strip -o "$work/stripped.so" "$target/kiosk/libmenjie.so"
fi
cargo build --quiet "${build[@]}" -p menjie-c --features server
prefix="$work/prefix"
rm -rf "$prefix"
bindings/c/install.sh "$target/$profile" "$prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
read -ra shared < <(echo "$(pkg-config --cflags --libs menjie) -Wl,-rpath,$prefix/lib")
read -ra static < <(echo "$(pkg-config --cflags menjie) $prefix/lib/libmenjie.a $(pkg-config --static --libs-only-l menjie | sed 's/-lmenjie//')")

suite "gcc, shared" -- gcc "${shared[@]}"
suite "gcc, static" -- gcc "${static[@]}"
suite "clang, shared" -- clang "${shared[@]}"

g++ -std=c++17 -Wall -Wextra -Wpedantic -Werror "$tests/header.cpp" -o "$work/header" "${shared[@]}"
run "C++" "$work/header"
gcc "${strict[@]}" "$tests/unload.c" -o "$work/unload" "-I$prefix/include" -pthread -ldl
run "loaded and unloaded" "$work/unload" "$prefix/lib/libmenjie.so.1"
holds "the headers alone, C99" gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c "$prefix/include/menjie_ops.h"
soname() { readelf -d "$prefix/lib/libmenjie.so" | grep -F 'soname: [libmenjie.so.1]'; }
holds "soname" soname
stays() { readelf -d "$prefix/lib/libmenjie.so" | grep -F NODELETE; }
holds "stays loaded" stays
# Exactly what the header declares is exported: nothing of Rust, nothing for tests, nothing forgotten.
symbols() { diff <(nm -D --defined-only "$prefix/lib/libmenjie.so" | awk '{print $3}' | sort) "$tests/symbols.txt"; }
holds "symbols" symbols
declared() { diff <(sed '/MJ_TESTING/,/#endif/d' "$prefix/include/menjie.h" | sed -nE 's/^MJ_API .*[ *](mj_[a-z0-9_]+)\(.*/\1/p' | sort) "$tests/symbols.txt"; }
holds "declarations" declared
native() { ! ldd "$prefix/lib/libmenjie.so" | grep -vE 'linux-vdso|libgcc_s|libc\.so|libm\.so|ld-linux'; }
holds "needs nothing but libc" native

run "example" bash examples/c/run.sh "$prefix" "$work/example" "$target/debug/menjie-demo"

if [ "$profile" = kiosk ]; then
  # The default library, stripped (BENCHMARKS B12).
  small() {
    local size
    size="$(stat -c %s "$work/stripped.so")"
    echo "c: the default library, stripped: $size bytes" >&3
    [ "$size" -le 5000000 ] || { echo "$size bytes are more than 5,000,000"; return 1; }
  }
  holds "not more than 5 MB" small 3>&1

  # What is shipped answers 901, too. The entry point that panics is in no library that is shipped, so it is built once more, with that.
  cargo build --quiet --profile kiosk -p menjie-c --features testing --target-dir "$work/testing"
  panics="$work/testing/kiosk"
  ln -sfn libmenjie.so "$panics/libmenjie.so.1"
  for program in hostile ports; do
    gcc "${strict[@]}" -DMJ_TESTING "$tests/$program.c" "$tests/json.c" "$tests/tables.c" -o "$panics/$program" "-I$prefix/include" "-L$panics" -lmenjie "-Wl,-rpath,$panics" -pthread
  done
  run "panics of the shipped profile, hostile" "$panics/hostile"
  stage
  run "panics of the shipped profile, ports" "$panics/ports" "$work/keys" "$work/log-ports"
fi

if [ "${MENJIE_C_ONLY:-}" != quick ]; then
  suite "valgrind" valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite --error-exitcode=9 -- gcc "${shared[@]}"

  # AddressSanitizer inside Rust as well: the toolchain brings what it needs, but the flag is not stable (RUSTC_BOOTSTRAP).
  host="$(rustc -vV | sed -n 's/^host: //p')"
  RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address cargo build --quiet -p menjie-c --no-default-features --features arrow,channels,log,ports,testing --target "$host" --target-dir "$work/asan"
  asan="$work/asan/$host/debug"
  # Counted, because a grep that stops at the first one ends nm by SIGPIPE, which would be the pipe's failure.
  instrumented() { nm -D --undefined-only "$asan/libmenjie.so" | grep -c __asan_report_load; }
  holds "Rust is instrumented" instrumented
  ln -sfn libmenjie.so "$asan/libmenjie.so.1"
  export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1
  suite "AddressSanitizer" -- gcc -fsanitize=address,undefined -DMJ_TESTING "-I$prefix/include" "-L$asan" -lmenjie "-Wl,-rpath,$asan"
fi

echo "c total: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
