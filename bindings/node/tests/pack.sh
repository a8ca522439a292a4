#!/usr/bin/env bash
# pack.sh WORK BINARY: npm pack with the native part of this platform, npm install of what came of it in an empty folder, and a call there by
# require and by import, without anything of this repository.
set -euo pipefail
package="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
binary="$(readlink -f "$2")"
rm -rf "$1"
mkdir -p "$1/package/prebuilt" "$1/empty"
work="$(cd "$1" && pwd)"
cp -r "$package"/{package.json,README.md,index.js,index.mjs,index.d.ts,index.d.mts,lib} "$work/package/"
name="menjie.$(node -p 'process.platform + "-" + process.arch').node"
strip --strip-debug -o "$work/package/prebuilt/$name" "$binary"
cd "$work/package"
tarball="$(npm pack --silent --pack-destination "$work")"
cd "$work/empty"
npm install --silent --no-audit --no-fund --offline "$work/$tarball"
unset MENJIE_NODE_BINARY
[ "$(node -e 'const { invoice } = require("menjie"); console.log(invoice.amountInWords.sync({ amount_fen: 35619 }).words)')" = 叁佰伍拾陆元壹角玖分 ]
[ "$(node --input-type=module -e 'import { invoice } from "menjie"; console.log((await invoice.amountInWords({ amount_fen: 1 })).words)')" = 壹分 ]
# Without its native part it says what is missing, and for which platform.
rm "node_modules/menjie/prebuilt/$name"
! node -e 'require("menjie")' 2>missing.txt
grep -qF "$name" missing.txt
