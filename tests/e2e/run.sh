#!/usr/bin/env bash
# Runs the browser tests. Needs Chromium and CJK fonts (apt-get install -y chromium fonts-noto-cjk) and `npm ci` here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ -d node_modules ] || npm ci --no-audit --no-fund
# Files wait a lot (for orders to expire, for printers that stay silent): three at a time take one core.
exec node --test --test-concurrency="${MENJIE_E2E_FILES:-3}" "$@"
