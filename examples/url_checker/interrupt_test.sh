#!/usr/bin/env bash
# Ctrl-C: pending checks are cancelled, running ones are ended, the table is complete, and the exit status tells it.
# Prints the table; meson compares it.
#
#   interrupt_test.sh URL_CHECKER
set -u

# Two silent pages keep both workers busy until a time-out that is far beyond the test's own, so only the signal can end
# this. It may come as soon as the program has printed what it checks.
coproc "$1" --workers 2 --timeout 3600
program=$COPROC_PID
exec {output}<&"${COPROC[0]}"
while read -r -u "$output" line; do
  if [[ $line == checking* ]]; then
    kill -INT "$program"
    break
  fi
done
cat <&"$output"
wait "$program"
