#!/usr/bin/env python3
"""Counts the single cases in the logs of `meson test`, names what failed or was skipped, and prints the last line of tests/run.

    count.py BROKEN LOG...      BROKEN is 1 when something could not even be built

A program that speaks TAP counts by its lines, a doctest program by its summary, any other one as a single case. A program
that failed counts at least one failure, whatever it printed.
"""
import json
import re
import sys

TAP = re.compile(r"^(not )?ok\b(.*)$", re.M)
SKIP = re.compile(r"#\s*SKIP\b", re.I)
DOCTEST = re.compile(r"^\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed", re.M)


def cases(entry):
    """(passed, failed, skipped, names of the skipped) of one program."""
    output = entry.get("stdout") or ""
    result = entry["result"]
    passed = failed = 0
    skipped = []
    for line in TAP.finditer(output):
        if line.group(1):
            failed += 1
        elif SKIP.search(line.group(2)):
            skipped.append(line.group(2).strip())
        else:
            passed += 1
    for summary in DOCTEST.finditer(output):
        passed += int(summary.group(2))
        failed += int(summary.group(3))
    if result == "SKIP":
        return passed, failed, skipped or [output.strip().splitlines()[-1] if output.strip() else "no reason given"]
    if result != "OK":
        return passed, max(failed, 1), skipped
    if passed + failed + len(skipped) == 0:
        passed = 1
    return passed, failed, skipped


def main():
    broken, logs = sys.argv[1] == "1", sys.argv[2:]
    passed, failed, skipped = 0, int(broken), 0
    for log in logs:
        folder = log.split("/")[-3]
        try:
            entries = [json.loads(line) for line in open(log, encoding="utf-8")]
        except OSError:
            print(f"FAILED  {folder}: no test ran")
            failed += 1
            continue
        for entry in entries:
            p, f, s = cases(entry)
            passed, failed, skipped = passed + p, failed + f, skipped + len(s)
            if f:
                print(f"FAILED  {folder}: {entry['name']} ({f})")
            for reason in s:
                print(f"SKIPPED {folder}: {entry['name']}: {reason}")
    if broken:
        print("FAILED  a build folder could not be made; see above")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 0 if passed and not failed else 1


sys.exit(main())
