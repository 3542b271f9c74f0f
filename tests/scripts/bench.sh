#!/usr/bin/env bash
# Prints figures beside their goals (spec P1 to P20). Never fails a build.
# Shorter runs: SKRANKE_BENCH_CASES=20000 SKRANKE_BENCH_EVENTS=20000 make bench, or some parts alone:
# PARTS=sync (all of single, transfer, alone, bulk, bytes, cursor, polls, growth, first, files), PARTS=lists,
# PARTS="saving start window". SKRANKE_BENCH_FEWEST=100000 PARTS=transfer leaves out the 10,000 events.
set -uo pipefail
cd "$(dirname "$0")/../.."
parts=${PARTS:-}
# The peers of the synchronising are fetched for this alone; nothing of them is part of what is shipped.
if [[ -z $parts || $parts =~ sync|transfer|single ]]; then
  npm --prefix tests/bench/pouchdb ci --ignore-scripts --silent ||
    echo "PouchDB CANNOT BE INSTALLED (is npm's registry reachable?): nothing is measured beside it"
fi
if [[ -z $parts || $parts =~ sync|alone ]]; then
  peers=$PWD/target/bench-peers
  cargo install --quiet --locked --root "$peers" --target-dir "$peers/build" atuin-server@18.24.4 ||
    echo "atuin-server CANNOT BE BUILT (is crates.io reachable?): nothing is measured beside it"
  [[ -x $peers/kinto/bin/kinto ]] ||
    { python3 -m venv "$peers/kinto" && "$peers/kinto/bin/pip" install --quiet 'kinto[postgresql]==26.5.0'; } ||
    echo "Kinto CANNOT BE INSTALLED (is PyPI reachable?): nothing is measured beside it"
fi
if [[ -z $parts || $parts =~ start ]] && ! command -v chromium > /dev/null; then
  as_root=$([[ $(id -u) == 0 ]] || echo sudo)
  $as_root apt-get install --yes --quiet --no-install-recommends chromium > /dev/null ||
    echo "Chromium CANNOT BE INSTALLED: the window's start is not measured beside it"
fi
if [[ -z $parts || $parts =~ window|start ]]; then
  npm --prefix ui run --silent build
  # The window is driven in a debug build, which alone can be; everything else is measured in a release build.
  cargo build --workspace --bins --locked
fi
echo "$(date -u +%F), $(nproc) cores, $(awk '/MemTotal/ { print int($2 / 1048576) }' /proc/meminfo) GB, load $(cut -d' ' -f1-3 /proc/loadavg): what else runs shows in every figure"
# In one build, so that nothing is compiled twice with other features; synchronising needs the server alone.
programs=--bins
[[ $parts =~ window|start|saving|lists || -z $parts ]] || programs='--bin skranke-server'
# shellcheck disable=SC2086 # parts and programs are words
cargo build --release --workspace $programs --bench figures --locked &&
  cargo bench --workspace --locked --bench figures -- $parts || echo "some figure could not be taken: see above"
exit 0
