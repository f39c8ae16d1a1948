#!/usr/bin/env bash
# Runs a program and compares what it prints with an expectation.
#
#   expect.sh EXPECTATION PROGRAM [ARGUMENT...]
#
# EXPECTATION is a file that holds one extended regular expression for the whole of the standard output, newlines
# included, so that a group may span lines; newlines at the end do not count. Standard error passes through.
# Exit status: 0 if the program ended with 0 (or with $EXPECT_STATUS) and the output matches; 77 if it ended with that,
# which means that it was skipped; else 1.
set -u

expected=$(cat "$1") || exit 1
shift
output=$("$@")
status=$?
wanted=${EXPECT_STATUS:-0}

if [[ $status == 77 ]]; then
  printf '%s\n' "$output"
  exit 77
fi
verdict=0
if [[ $status != "$wanted" ]]; then
  echo "exit status $status instead of $wanted"
  verdict=1
fi
if ! [[ $output =~ ^$expected$ ]]; then
  printf 'expected, as a regular expression:\n%s\nbut got:\n' "$expected"
  verdict=1
fi
printf '%s\n' "$output"
exit "$verdict"
