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
cargo build --workspace --all-targets --locked
cargo test --workspace --locked --test e2e -- --exact ordinary_case::ordinary_case_by_keyboard_alone --nocapture
echo "Left in target/demo/:"
ls target/demo
