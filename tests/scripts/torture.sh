#!/usr/bin/env bash
# The long form of what `make test` does in short: stories of replicas, kills, clocks, bad lines, power cuts, failovers.
# Prints the seed it begins from; SKRANKE_SEED=N replays it, SKRANKE_TIMES and SKRANKE_CASES say how long: as many times
# the primary is lost under load, with up to 64 writers, and each disk is filled.
set -uo pipefail
cd "$(dirname "$0")/../.."
export NO_COLOR=1 CARGO_TERM_COLOR=never
first=${SKRANKE_SEED:-$(( $(date +%s) * 1000 ))}
times=${SKRANKE_TIMES:-20}
cases=${SKRANKE_CASES:-100000}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
printf 'commit %s, replay with: SKRANKE_SEED=%s SKRANKE_TIMES=%s SKRANKE_CASES=%s make torture\n' \
  "$commit" "$first" "$times" "$cases"

failed=0
# nextest ends a test that takes too long; here they may.
run() {
  printf '\n== %s\n' "$*"
  "$@" || failed=1
}

# Stories without a disk, by the thousand.
run env -u SKRANKE_SEED SKRANKE_FIRST_SEED="$first" SKRANKE_CASES="$cases" \
  cargo test --locked --workspace --test contract convergence -- --nocapture
# As a whole, so that nothing is compiled a second time with other features.
for suite in 'server faults' 'central faults' 'central clocks' 'central bad_lines' 'central stories' 'central epochs' \
  'central standby' 'central room' 'contract standby' 'contract exhausted' 'contract crowd' 'store crash'; do
  # shellcheck disable=SC2086
  run env SKRANKE_SEED="$first" SKRANKE_TIMES="$times" \
    cargo test --locked --workspace --test $suite -- --nocapture --test-threads=1
done

printf '\n'
if [ "$failed" = 0 ]; then echo 'nothing was lost'; else echo "failed; the seed is $first"; fi
exit "$failed"
