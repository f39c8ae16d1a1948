#!/usr/bin/env bash
# The progress bar is shown if standard error is a terminal. It is not shown otherwise, or if it is not wanted.
#
#   progress_test.sh URL_CHECKER FILE_OF_24_URLS
set -u

if ! command -v script >/dev/null; then
  echo 'SKIPPED: the progress bar needs a terminal, and there is no script(1) here to make one'
  exit 77
fi
export TERM=xterm
on_terminal() {
  script --quiet --return --command "$(printf '%q ' "$@")" /dev/null </dev/null
}

without=$("$1" -f "$2" 2>&1 >/dev/null)
[[ -z $without ]] || { echo "without a terminal: $without"; exit 1; }
with=$(on_terminal "$1" -f "$2")
[[ $with == *'[........................................] 0/24'* ]] || { echo "no beginning: $with"; exit 1; }
[[ $with == *'[########################################] 24/24'* ]] || { echo "no end: $with"; exit 1; }
unwanted=$(on_terminal "$1" --no-progress -f "$2")
[[ $unwanted != *'0/24'* ]] || { echo "not wanted: $unwanted"; exit 1; }
