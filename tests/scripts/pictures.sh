#!/usr/bin/env bash
# Renews docs/pictures/: drives the real window through the stories the user's guide tells, and
# keeps what it showed, in 256 colours.
set -euo pipefail
cd "$(dirname "$0")/../.."

npm --prefix ui run --silent build
cargo build --workspace --all-targets --locked
rm -rf target/demo
cargo nextest run --workspace --locked --config-file tests/nextest.toml \
  -E 'binary(e2e) & (test(ordinary::) | test(representative::) | test(dialogs::) | test(screens::))'

# What a picture is called in the guide, and the one of target/demo/ that it is.
while read -r name shown; do
  convert "target/demo/$shown.png" -strip +dither -colors 256 -define png:compression-level=9 "PNG8:docs/pictures/$name.png"
done <<'LIST'
start skaerme-skranke-light
dark skaerme-skranke-dark
arrival ordinary-trin-1
citizen ordinary-trin-2
guidance ordinary-trin-3
declaration ordinary-trin-4
power-of-attorney fuldmagt-trin-4-udfyldt
errors fuldmagt-usigneret-fejl
decision ordinary-trin-5
registration ordinary-trin-6
parking udfald-parker
queue skaerme-koe-light
case sagsdialog-sag
LIST
ls -l docs/pictures
