#!/usr/bin/env bash
# Runs the checks and counts them. Every test counts one, every other check counts one.
# Goes on after a failure, so that one run reports them all; the exit code is 0 only if all passed.
#   test.sh         everything
#   test.sh quick   the inner loop, without window, documentation and lints
set -uo pipefail
cd "$(dirname "$0")/../.."
mode=${1:-all}
logs=${CARGO_TARGET_DIR:-target}/check-logs
mkdir -p "$logs"
export NO_COLOR=1 CARGO_TERM_COLOR=never

passed=0
failed=0
failures=()
not_run=()

fail() { failed=$((failed + $1)); failures+=("$2"); }

# run NAME COMMAND...: shows the output, keeps it, returns the command's code.
run() {
  local name=$1 begin=$SECONDS code
  shift
  printf '\n== %s: %s\n' "$name" "$*"
  "$@" 2>&1 | tee "$logs/$name.log"
  code=${PIPESTATUS[0]}
  printf '== %s took %s s\n' "$name" $((SECONDS - begin))
  return "$code"
}

# One check that either holds or does not.
check() {
  if run "$@"; then passed=$((passed + 1)); else fail 1 "$1"; return 1; fi
}

# Adds up "12 passed" and "1 failed" in the lines of a log that match a pattern.
sum() { grep -E "$2" "$logs/$1.log" | grep -oE "[0-9]+ $3" | awk '{n += $1} END {print n + 0}'; }

# Many tests behind one command. PATTERN picks the runner's summary lines.
tests() {
  local pattern=$1 name=$2 code good bad
  shift
  run "$@"
  code=$?
  good=$(sum "$name" "$pattern" passed)
  bad=$(sum "$name" "$pattern" '(failed|timed out)')
  [ "$code" != 0 ] && [ "$bad" = 0 ] && bad=1
  passed=$((passed + good))
  [ "$bad" != 0 ] && fail "$bad" "$name ($bad)"
  if [ "$code" = 0 ] && [ "$good" = 0 ]; then fail 1 "$name (no test ran)"; fi
}

have_nextest() { cargo nextest --version >/dev/null 2>&1; }

# rust_tests NAME window|rest: one package selection everywhere, so that nothing compiles twice.
rust_tests() {
  if have_nextest; then
    local filter='not binary(e2e)'
    [ "$2" = window ] && filter='binary(e2e)'
    tests '^ *Summary ' "$1" cargo nextest run --workspace --locked --config-file tests/nextest.toml -E "$filter"
  elif [ "$2" = window ]; then
    tests '^test result:' "$1" cargo test --workspace --locked --test e2e -- --test-threads=1
  else
    tests '^test result:' "$1" cargo test --workspace --locked --lib --bins --no-fail-fast
    for binary in $(all_test_binaries); do
      # One after the other: some of them move the clock of their whole process.
      tests '^test result:' "$binary" cargo test --workspace --locked --test "$binary" --no-fail-fast -- --test-threads=1
    done
  fi
}

# Names of integration test binaries, the window tests excepted.
all_test_binaries() {
  cargo metadata --no-deps --locked --format-version 1 |
    node -e 'const m = JSON.parse(require("fs").readFileSync(0)); const n = new Set();
      for (const p of m.packages) for (const t of p.targets) if (t.kind.includes("test") && t.name !== "e2e") n.add(t.name);
      console.log([...n].join("\n"))'
}

ui() { npm --prefix ui run --silent "$@"; }

check format cargo fmt --all --check
check ui-build ui build
if [ "$mode" = quick ]; then
  rust_tests tests rest
  check ui-types ui check
  not_run+=("lints, documentation, UI tests and window tests: quick mode")
elif check build cargo build --workspace --all-targets --locked; then
  check lints cargo clippy --workspace --all-targets --locked -- -D warnings
  check domain-alone cargo check -p skranke-domain --locked
  rust_tests tests rest
  # Neither nextest nor `--lib` runs them, and some promises are that an example does *not* compile.
  tests '^test result:' doc-tests cargo test --workspace --locked --doc --no-fail-fast
  RUSTDOCFLAGS="-D warnings" check docs cargo doc --workspace --no-deps --locked --lib
  check ui-types ui check
  tests '^ *Tests ' ui-tests npm --prefix ui run --silent test
  rust_tests window-tests window
else
  not_run+=("lints, tests, documentation, window tests: the workspace does not build")
  check ui-types ui check
  tests '^ *Tests ' ui-tests npm --prefix ui run --silent test
fi

printf '\n'
for name in "${not_run[@]}"; do printf 'not run: %s\n' "$name"; done
for name in "${failures[@]}"; do printf 'failed: %s\n' "$name"; done
printf '%s passed, %s failed\n' "$passed" "$failed" | tee "$logs/count"
[ "$failed" = 0 ] && { [ "$mode" = quick ] || [ "${#not_run[@]}" = 0 ]; }
