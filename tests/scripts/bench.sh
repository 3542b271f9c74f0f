#!/usr/bin/env bash
# Prints figures beside their goals (spec P7, P11 to P16). Never fails a build.
set -uo pipefail
cd "$(dirname "$0")/../.."
npm --prefix ui run --silent build
cargo bench --workspace --locked || echo "some figure could not be taken: see above"
exit 0
