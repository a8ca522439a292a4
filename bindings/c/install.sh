#!/usr/bin/env bash
# install.sh BUILT PREFIX: puts library, header, pkg-config file and CMake package below PREFIX.
# BUILT is where cargo put the library (target/kiosk after `cargo build --profile kiosk -p menjie-c --features server`).
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: install.sh BUILT PREFIX" >&2; exit 2; }
built="$1"
mkdir -p "$2"
prefix="$(cd "$2" && pwd)"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
version="$(sed -nE 's/^version = "(.*)"$/\1/p' "$here/../../Cargo.toml" | head -n 1)"

mkdir -p "$prefix/lib/pkgconfig" "$prefix/lib/cmake/menjie" "$prefix/include"
# A running program keeps the file that it has: it is replaced, never written over.
install -m 755 "$built/libmenjie.so" "$prefix/lib/libmenjie.so.$version.new"
mv "$prefix/lib/libmenjie.so.$version.new" "$prefix/lib/libmenjie.so.$version"
# The name that programs ask for at run time, and the one that the linker looks for.
ln -sfn "libmenjie.so.$version" "$prefix/lib/libmenjie.so.1"
ln -sfn libmenjie.so.1 "$prefix/lib/libmenjie.so"
install -m 644 "$built/libmenjie.a" "$prefix/lib/libmenjie.a"
install -m 644 "$here/include/menjie.h" "$here/include/menjie_ops.h" "$prefix/include/"
filled() { sed -e "s|@PREFIX@|$prefix|g" -e "s|@VERSION@|$version|g" "$1" >"$2"; }
filled "$here/menjie.pc.in" "$prefix/lib/pkgconfig/menjie.pc"
filled "$here/menjieConfigVersion.cmake.in" "$prefix/lib/cmake/menjie/menjieConfigVersion.cmake"
install -m 644 "$here/menjieConfig.cmake" "$prefix/lib/cmake/menjie/menjieConfig.cmake"
