#!/usr/bin/env bash
# Builds and runs the Rust example against a libweft that was just built.
#
#   test.sh FOLDER_OF_LIBWEFT FOLDER_FOR_CARGO
#
# Exit status: that of the example; 77, which meson reports as skipped, if there is no Rust.
set -eu

if ! command -v cargo >/dev/null; then
  echo "SKIPPED: the Rust example needs cargo, which is not here"
  exit 77
fi
if [[ ${WEFT_SANITIZED:-none} != none ]]; then
  echo "SKIPPED: cargo links without the sanitizer's runtime that this libweft needs"
  exit 77
fi
export WEFT_LIB_DIR=$1 CARGO_TARGET_DIR=$2
cd "$(dirname "${BASH_SOURCE[0]}")"
cargo build --release --offline --locked --quiet
exec "$CARGO_TARGET_DIR/release/weft-from-rust"
