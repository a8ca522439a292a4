#!/bin/sh
# Builds the peers of B7 that are C libraries: build.sh TARGET. OpenSSL from source (a crate), libgcrypt from Debian (libgcrypt20-dev).
set -eu
target=${1:?usage: build.sh TARGET}
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$target"
[ -e /usr/include/gcrypt.h ] || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq libgcrypt20-dev; } >&2
flags=$(cargo run --release --quiet --locked --manifest-path "$here/openssl/Cargo.toml" --target-dir "$target/openssl-build")
# $flags is several words.
cc -O2 -Wall -Wextra -o "$target/openssl" "$here/openssl.c" $flags
cc -O2 -Wall -Wextra -o "$target/gcrypt" "$here/gcrypt.c" -lgcrypt
