#!/usr/bin/env bash
# Measures and writes benches/results.md: run.sh [B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12]; all of them when none is named.
# Peers are pinned (peers/requirements.txt, peers/{fastify,records,rules}/package-lock.json) and installed here, below the target folder.
# B2 and B5 through the Python package alone, without the peers: MENJIE_BENCH_ALONE=yes. Fewer lines: MENJIE_B2_LINES, MENJIE_B5_ROWS.
# A part of B10: MENJIE_B10_CONNECTIONS=16,64 MENJIE_B10_LATENCY=0 MENJIE_B10_PAYMENTS=200 MENJIE_B10_SECONDS=30 (0: no open loop).
# Sections of benches that were not asked for are kept as they are, with the machine line they were measured on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

known=(B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12)
runs="${MENJIE_BENCH_RUNS:-5}"
target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
work="$target/bench"
disk="$work/disk"
sections="$work/sections"
python="$target/peers/python/bin/python"
mkdir -p "$disk" "$sections"

asked=("$@")
[ "${#asked[@]}" -gt 0 ] || asked=("${known[@]}")
for id in "${asked[@]}"; do
  [[ " ${known[*]} " == *" $id "* ]] || { echo "run.sh: $id is not one of: ${known[*]}" >&2; exit 2; }
done

wants() {
  [[ " ${asked[*]} " == *" $1 "* ]]
}

# Compilers and other programs disturb the times: what else runs is part of the result.
machine() {
  local cpu memory
  cpu="$(lscpu | sed -n 's/^Model name: *//p' | head -n 1)"
  memory="$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo)"
  echo "Machine: $cpu, $(nproc) cores, $memory, Linux $(uname -r); $(rustc --version); node $(node --version); $(python3 --version);" \
    "load before the run $(cut -d ' ' -f 1-3 /proc/loadavg); $(date -u '+%Y-%m-%d %H:%M UTC'), HEAD $(git rev-parse --short HEAD)$(server_built)."
}

# B4 needs none.
server_built() {
  [ ! -e "$target/release/menjie-server" ] || echo ", server built $(date -u -r "$target/release/menjie-server" '+%Y-%m-%d %H:%M UTC')"
}

# section FILE TITLE COMMAND…: runs a bench, keeps its text with the machine and the command.
section() {
  local id="$1" file="$sections/$1.md" title="$2" line
  shift 2
  line="$(machine)"
  echo "== $title" >&2
  "$@" >"$file.new"
  {
    printf '## %s\n\n%s\n\n' "$title" "$line"
    printf 'Command: `%s`\n\n' "$(printf '%s ' "$@" | sed "s|$target|\$CARGO_TARGET_DIR|g; s| \$||")"
    cat "$file.new"
    if [ -f "benches/notes/$id.md" ]; then
      printf '\n'
      cat "benches/notes/$id.md"
    fi
  } >"$file"
  rm -f "$file.new"
}

# The sections of the committed results are where those come from that are not measured now.
keep_old() {
  [ -f benches/results.md ] || return 0
  local id
  for id in b1_b2 b3 b4 b5 b5_large b6 b7 b8 b9 b10 b11 b12; do
    [ -f "$sections/$id.md" ] && continue
    sed -n "/^<!-- $id -->\$/,/^<!-- end -->\$/p" benches/results.md | sed '1d;$d' >"$sections/$id.md"
    [ -s "$sections/$id.md" ] || rm -f "$sections/$id.md"
  done
}

results() {
  cat <<'TEXT'
# Results

Written by `./x bench [B1 …]`; do not edit. Medians with the lowest and highest of at least five runs; ratios against peers
measured in the same run. A ratio below 1, or a goal that is not met, is a loss and stays here as one.

TEXT
  local id
  for id in b1_b2 b3 b4 b5 b5_large b6 b7 b8 b9 b10 b11 b12; do
    [ -f "$sections/$id.md" ] || continue
    echo "<!-- $id -->"
    cat "$sections/$id.md"
    echo "<!-- end -->"
    echo
  done
}

install_records() {
  local folder=benches/peers/records
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json" && return
  npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error >&2
  cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json"
}

# better-sqlite3 is compiled when it has no prebuilt addon for this machine: only when the lock file has changed.
install_fastify() {
  local folder=benches/peers/fastify
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json" && return
  npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error >&2
  cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json"
}

# zen-engine comes as one package a platform; a registry may have this machine's only, and `npm ci` then refuses the lock file.
install_rules() {
  local folder=benches/peers/rules
  cmp -s "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json" && return
  npm install --no-save --prefix "$folder" --no-audit --no-fund --loglevel=error >&2
  cp "$folder/package-lock.json" "$folder/node_modules/.installed-lock.json"
}

# The C library as it is installed, the program that calls it, and a library with a function that does nothing.
crossing() {
  local folder="$work/crossing" sources=benches/peers/crossing
  mkdir -p "$folder"
  cp -f "$kiosk/libmenjie.so" "$folder/libmenjie.so.1"
  ln -sf libmenjie.so.1 "$folder/libmenjie.so"
  gcc -std=c11 -O2 -Wall -Wextra -shared -fPIC "$sources/noop.c" -o "$folder/libnoop.so"
  gcc -std=c11 -O2 -Wall -Wextra "$sources/crossing.c" -Ibindings/c/include -L"$folder" -lmenjie -lnoop -Wl,-rpath,"$folder" -ldl -o "$folder/crossing"
}

# The packages as they are installed, below the work folder: what Python imports, and the native parts without their line tables.
hosts() {
  local folder="$work/hosts" noop="$target/noop/release"
  rm -rf "$folder/package" "$folder/noop"
  mkdir -p "$folder/package" "$folder/noop"
  cp -r bindings/python/python/menjie "$folder/package/"
  strip -o "$folder/package/menjie/_core.abi3.so" "$release/lib_core.so"
  strip -o "$folder/menjie.node" "$release/libmenjie_node.so"
  cp "$noop/libnoop.so" "$folder/noop/noop.abi3.so"
  cp "$noop/libnoop_node.so" "$folder/noop/noop.node"
  export MENJIE_NODE_BINARY="$folder/menjie.node"
}

keep_old
release="$target/release"
kiosk="$target/kiosk"
if [ "${MENJIE_BENCH_BUILT:-}" != 1 ]; then # 1: measure the programs that are there
  cargo build --release --quiet -p menjie-server --bin menjie-server
  cargo build --release --quiet -p menjie-benches --bins
  # The other forms first: what stays in the folder is the default one. All of them as they are shipped.
  mkdir -p "$work/crossing"
  cargo build --profile kiosk --quiet -p menjie-c --features full
  cp -f "$kiosk/libmenjie.so" "$work/crossing/full.so"
  cargo build --profile kiosk --quiet -p menjie-c --features server
  cp -f "$kiosk/libmenjie.so" "$work/crossing/server.so"
  cargo build --profile kiosk --quiet -p menjie-c
  cargo build --release --quiet -p menjie-node -p menjie-python
  cargo build --release --quiet --manifest-path benches/hosts/noop/Cargo.toml --target-dir "$target/noop"
fi

if wants B1 || wants B2; then
  sh benches/peers/setup.sh "$target/peers/python" >/dev/null
  hosts
  # Freed memory stays with the process, ours and the peers' (notes/b1_b2.md).
  section b1_b2 "B1, B2: grouping" env GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184 \
    "$release/b1_b2" --lines "${MENJIE_B2_LINES:-1000000,5000000}" --alone "${MENJIE_BENCH_ALONE:-no}" --runs "$runs" --python "$python" --package "$work/hosts/package" --work "$work/lines"
fi
if wants B4; then
  sh benches/peers/setup.sh "$target/peers/python" >/dev/null
  install_records
  section b4 "B4: a first-visit record" "$release/b4" --records 10000 --runs "$runs" --python "$python" --work "$work/records"
fi
if wants B3; then
  install_rules
  section b3 "B3: refund rules" "$release/b3" --runs "$runs" --work "$work/refund"
fi
if wants B5; then
  sh benches/peers/setup.sh "$target/peers/python" >/dev/null
  hosts
  tunables=GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184
  section b5 "B5: reconciliation" env "$tunables" "$release/b5" --rows "${MENJIE_B5_ROWS:-100000,1000000}" --alone "${MENJIE_BENCH_ALONE:-no}" --runs "$runs" --python "$python" --package "$work/hosts/package" --work "$work/statements"
  section b5_large "B5: reconciliation of ten million rows" env "$tunables" "$release/b5" --rows 10000000 --runs "$runs" --alone yes
fi
if wants B6; then
  sh benches/peers/setup.sh "$target/peers/python" >/dev/null
  section b6 "B6: the report pack" env GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184 \
    "$release/b6" --settlements "${MENJIE_B6_SETTLEMENTS:-1000000,5000000}" --runs "$runs" --python "$python" --work "$work/settlements"
fi
if wants B7; then
  sh benches/peers/sealing/build.sh "$work/sealing"
  section b7 "B7: SM4-GCM, and sealed append" "$release/b7" --runs "$runs" --sealing "$work/sealing" --disk "$disk"
fi
if wants B8; then
  section b8 "B8: a log of a gibibyte verified, an order found" "$release/b8" --mib 1024 --runs "$runs" --work "$work/log"
fi
if wants B9; then
  sh benches/peers/setup.sh "$target/peers/python" >/dev/null
  crossing
  hosts
  section b9 "B1, B9: from C, Node and Python" "$release/b9" --runs "$runs" --crossing "$work/crossing/crossing" --python "$python" --package "$work/hosts/package" --noop "$work/hosts/noop" --work "$work/hosts/data"
fi
if wants B10; then
  install_fastify
  section b10 "B10: pay and sync" "$release/b10" --runs "$runs" --payments "${MENJIE_B10_PAYMENTS:-200}" --connections "${MENJIE_B10_CONNECTIONS-16,64,256}" --latency "${MENJIE_B10_LATENCY:-0,50}" --seconds "${MENJIE_B10_SECONDS:-30}" --server "$release/menjie-server" --fastify benches/peers/fastify/server.mjs --disk "$disk"
fi
if wants B11; then
  section b11 "B11: recovery" "$release/b11" --runs "$runs" --server "$release/menjie-server" --disk "$disk"
fi
if wants B12; then
  sh benches/peers/setup.sh "$target/peers/python" >/dev/null
  crossing
  hosts
  strip -o "$work/crossing/stripped.so" "$work/crossing/libmenjie.so.1"
  strip -o "$work/crossing/full-stripped.so" "$work/crossing/full.so"
  strip -o "$work/crossing/server-stripped.so" "$work/crossing/server.so"
  section b12 "B12: start and size" "$release/b12" --library "$work/crossing/stripped.so" --full "$work/crossing/full-stripped.so" --forwarding "$work/crossing/server-stripped.so" --crossing "$work/crossing/crossing" --python "$python" --package "$work/hosts/package" --node node --addon "$PWD/bindings/node" --natives "$work/hosts/menjie.node,$work/hosts/package/menjie/_core.abi3.so" --runs "$runs" --server "$release/menjie-server" --disk "$disk"
fi

results >benches/results.md
echo "benches/results.md is written" >&2
