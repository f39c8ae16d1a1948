#!/bin/sh
# Makes libweft.a of other archives: one object in which only weft_* can be seen from outside. What C++ leaves in every
# object (inline functions and vtables, Boost's among them) is then the library's own, and is not merged with what
# another version of Boost has under the same names.
#
#   archive.sh OUTPUT OBJCOPY COMPILER... ARCHIVE ARCHIVE       as capi/meson.build calls it
set -eu

output=$1
objcopy=$2
shift 2
object=${output%.a}.o

# Members of a group would be merged even when they are local, so the groups are dissolved.
"$@" -r -nostdlib -Wl,--force-group-allocation -o "$object"
"$objcopy" --wildcard --keep-global-symbol='weft_*' "$object"
# Were anything else to be seen, the program would get it in place of its own: operator new, for one.
nm=${objcopy%objcopy}nm
if "$nm" -g --defined-only "$object" | grep -v ' weft_' >&2; then
  echo "$output: these symbols cannot be hidden (objects compiled for LTO that the compiler made no code of?)" >&2
  exit 1
fi
rm -f "$output"
ar rcs "$output" "$object"
rm -f "$object"
