#!/usr/bin/env bash
# Opens the window with the demo profile: fictional municipality, staff of each role, a central
# store as a child process on loopback. Where there is no display, the same main job runs in the
# real window under Xvfb, and what it showed and printed is left in target/demo/.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}

has_display() {
  [ -n "${WAYLAND_DISPLAY:-}" ] && return
  [ -n "${DISPLAY:-}" ] && { ! command -v xdpyinfo >/dev/null || xdpyinfo >/dev/null 2>&1; }
}

npm --prefix ui run --silent build

if has_display; then
  cargo build --workspace --bins --locked
  exec "$target/debug/skranke-desktop" --profile demo --data "$target/demo-profile"
fi

echo "No display here: driving the real window under Xvfb instead."
rm -rf target/demo
mkdir -p target/demo
cargo build --workspace --bins --locked
cargo test --workspace --locked --test e2e -- --exact ordinary::row_2_23_ordinary_case_is_done_by_keyboard_alone_printed_and_confirmed --nocapture
# A name that no test has would pass silently.
test -s target/demo/fritagelseskvittering.pdf || { echo "The job left no receipt." >&2; exit 1; }
echo "Left in target/demo/:"
ls target/demo
