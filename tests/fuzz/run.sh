#!/usr/bin/env bash
# Fuzzes with libFuzzer and the address sanitizer: run.sh SECONDS [TARGET …]; all targets when none is named, one after another.
# What is new of coverage goes into the work folder; `run.sh --keep TARGET` takes the smallest inputs for it into corpus/.
# Sanitizers are switched on with RUSTC_BOOTSTRAP: the compiler stays the stable one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

all=(frames opened verify records index manifest rewrap sm2 key_files c_calls)
target="$(realpath -m "${CARGO_TARGET_DIR:-../../target}")/fuzz"
host="$(rustc -vV | sed -n 's/^host: //p')"
engine="$target/$host/release/menjie-fuzz-engine"

flags="-Zsanitizer=address -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
flags="$flags -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
if [ "${MENJIE_FUZZ_BUILT:-}" != 1 ]; then # 1: the engine that is there
  RUSTC_BOOTSTRAP=1 RUSTFLAGS="$flags" cargo build --release --locked --quiet --manifest-path engine/Cargo.toml --target "$host" --target-dir "$target"
  cargo build --quiet -p menjie-fuzz --example seeds
fi

if [ "${1:-}" = --keep ]; then
  mkdir -p "corpus/$2"
  rm -f "$target/work/$2"/seed-* # they are made anew for each run
  MENJIE_FUZZ_TARGET="$2" "$engine" -merge=1 -use_counters=0 -max_len=4096 "corpus/$2" "$target/work/$2" 2>&1 | grep -E "MERGE-OUTER: [0-9]+ new"
  exit
fi

seconds="$1"
shift
[ $# -gt 0 ] || set -- "${all[@]}"
for name in "$@"; do
  work="$target/work/$name"
  mkdir -p "$work" "corpus/$name"
  "${target%/fuzz}/debug/examples/seeds" "$name" "$work"
  echo "== $name"
  MENJIE_FUZZ_TARGET="$name" "$engine" -max_total_time="$seconds" -max_len=4096 -timeout=20 -print_final_stats=1 -artifact_prefix="$target/$name-" "$work" "corpus/$name" \
    >"$target/$name.log" 2>&1 || { tail -n 40 "$target/$name.log"; exit 1; }
  grep -E "^Done|number_of_executed_units|average_exec" "$target/$name.log"
done
