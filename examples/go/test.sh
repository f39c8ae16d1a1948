#!/usr/bin/env bash
# Builds and runs the Go example against a libweft that was just built.
#
#   test.sh FOLDER_OF_LIBWEFT FOLDER_FOR_GO
#
# Exit status: that of the example; 77, which meson reports as skipped, if there is no Go with cgo.
set -eu

if ! command -v go >/dev/null; then
  echo "SKIPPED: the Go example needs go, which is not here"
  exit 77
fi
if ! command -v "$(go env CC)" >/dev/null; then
  echo "SKIPPED: the Go example needs a C compiler for cgo: $(go env CC) is not here"
  exit 77
fi
if [[ ${WEFT_SANITIZED:-none} != none ]]; then
  echo "SKIPPED: go links without the sanitizer's runtime that this libweft needs"
  exit 77
fi
cd "$(dirname "${BASH_SOURCE[0]}")"
export CGO_ENABLED=1 GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=mod GOWORK=off GOCACHE=$2/cache
export CGO_CFLAGS="-O2 -I$PWD/../../include" CGO_LDFLAGS="-L$1 -Wl,-rpath,$1"
go build -o "$2/weft-from-go" .
exec "$2/weft-from-go"
