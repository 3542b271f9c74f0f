#!/usr/bin/env bash
# Prints figures beside their goals (spec P7, P11 to P16). Never fails a build.
# Shorter runs: SKRANKE_BENCH_CASES=20000 make bench, or one part alone with PARTS=lists (saving, start, window).
set -uo pipefail
cd "$(dirname "$0")/../.."
npm --prefix ui run --silent build
echo "$(date -u +%F), $(nproc) cores, $(awk '/MemTotal/ { print int($2 / 1048576) }' /proc/meminfo) GB, load $(cut -d' ' -f1-3 /proc/loadavg): what else runs shows in every figure"
# The window is driven in a debug build, which alone can be; everything else is measured in a release build.
# shellcheck disable=SC2086 # parts are words
cargo build --workspace --bins --locked && cargo build --release --workspace --bins --locked &&
  cargo bench --workspace --locked --bench figures -- ${PARTS:-} || echo "some figure could not be taken: see above"
exit 0
