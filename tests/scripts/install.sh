#!/usr/bin/env bash
# Installs what a fresh Debian 12 machine with git, make, Rust and Node still lacks.
# Does nothing, quickly, when nothing is missing.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(
  # building the window
  build-essential pkg-config libwebkit2gtk-4.1-dev libsoup-3.0-dev libjavascriptcoregtk-4.1-dev libgtk-3-dev
  libssl-dev librsvg2-dev
  # driving and looking at the window
  webkit2gtk-driver xvfb xauth xdotool x11-utils openbox imagemagick dbus-x11 gnome-keyring libsecret-tools
  fonts-dejavu-core fonts-noto-core locales
  # looking into papers, printing them
  poppler-utils qpdf libxml2-utils file cups cups-client printer-driver-cups-pdf
  # the central store's other database
  procps postgresql
)

say() { printf '== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else
    echo "These need root, and there is no sudo here. As root, run:" >&2
    echo "  $*" >&2
    exit 1
  fi
}

install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: see the package list in tests/scripts/install.sh"
    return
  fi
  local missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ "${#missing[@]}" = 0 ] && return
  say "installing ${#missing[@]} system packages: ${missing[*]}"
  as_root apt-get -o DPkg::Lock::Timeout=600 update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
    install -y -qq --no-install-recommends "${missing[@]}"
}

# Native dialogs speak Danish only where the locale exists.
install_locale() {
  command -v locale >/dev/null || return 0
  locale -a 2>/dev/null | grep -qi '^da_DK\.utf-\?8$' && return
  command -v locale-gen >/dev/null || return 0
  say "generating the Danish locale"
  as_root sed -i 's/^# *da_DK.UTF-8 UTF-8/da_DK.UTF-8 UTF-8/' /etc/locale.gen
  as_root locale-gen >/dev/null
}

install_rust_tools() {
  command -v cargo >/dev/null || { echo "No cargo on the PATH: install a Rust toolchain (1.95 or newer) first." >&2; exit 1; }
  if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    say "adding rustfmt and clippy"
    rustup component add rustfmt clippy
  fi
  if ! cargo nextest --version >/dev/null 2>&1; then
    say "no cargo-nextest here: the checks use 'cargo test' instead (for more speed: cargo install cargo-nextest --locked)"
  fi
}

install_npm_packages() {
  command -v npm >/dev/null || { echo "No npm on the PATH: install Node 20.19 or newer first." >&2; exit 1; }
  # The window, and the certified OpenID provider that sign-in is tested against.
  local folder
  for folder in ui tests/openid; do
    local stamp=$folder/node_modules/.installed-lock
    cmp -s "$folder/package-lock.json" "$stamp" && continue
    say "npm ci in $folder"
    (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
    cp "$folder/package-lock.json" "$stamp"
  done
}

install_packages
install_locale
install_rust_tools
install_npm_packages
