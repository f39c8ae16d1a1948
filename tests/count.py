#!/usr/bin/env python3
"""Counts what `meson test` has run, case by case, and says what failed and what was skipped.

Usage: count.py BUILD
       count.py --total BROKEN BUILD...

For a build folder it reads meson-logs/testlog.json. A TAP program counts with its single results, a doctest program
with its test cases, any other test as one. A program that crashed, hung or broke off counts as one failure besides.
Prints the output of every test that failed, every skip with its reason, and last `N passed, N failed`, with
`, N skipped` when there were any. With --total it prints that line alone, for several folders, and BROKEN failures more:
what could not even be built. The exit status is 0 when something passed and nothing failed.
"""

import dataclasses
import json
import pathlib
import re
import sys

DOCTEST = re.compile(r"^\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed(?:\s*\|\s*(\d+) skipped)?", re.M)
TAP = re.compile(r"^(not )?ok\b *(?:\d+)? *(?:- )?(.*?)(?:\s*# *(SKIP|[T]ODO)\b *(.*))?$", re.I)
PLAN_SKIP = re.compile(r"^1\.\.0\b(?:\s*# *SKIP\b *(.*))?", re.I | re.M)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    skips: list = dataclasses.field(default_factory=list)
    output: list = dataclasses.field(default_factory=list)

    def line(self):
        return f"{self.passed} passed, {self.failed} failed" + (f", {self.skipped} skipped" if self.skipped else "")

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped

    def skip(self, name, reason):
        self.skipped += 1
        self.skips.append(f"skipped: {name}{': ' + reason if reason else ''}")


def count_tap(test, out, tally):
    failed = 0
    for line in out.splitlines():
        match = TAP.match(line)
        if not match:
            continue
        is_bad, name, directive, reason = match.groups()
        if directive and directive.upper() == "SKIP":
            tally.skip(f"{test['name']}: {name}", reason)
        elif is_bad:
            failed += 1
        else:
            tally.passed += 1
    tally.failed += failed
    return failed


def count(test, tally):
    """Adds one entry of the log."""
    out = COLOURS.sub("", test.get("stdout") or "")
    result = test["result"]
    failed_inside = 0
    doctest = DOCTEST.search(out)
    plan_skip = PLAN_SKIP.search(out)
    if doctest:
        passed, failed_inside, skipped = int(doctest[2]), int(doctest[3]), int(doctest[4] or 0)
        tally.passed += passed
        tally.failed += failed_inside
        for _ in range(skipped):
            tally.skip(test["name"], "a case that is left out of this form")
    elif result == "SKIP":
        lines = [line for line in out.splitlines() if line.strip()]
        tally.skip(test["name"], (plan_skip[1] if plan_skip else lines[-1] if lines else "") or "")
    elif re.search(r"^1\.\.\d+", out, re.M):
        failed_inside = count_tap(test, out, tally)
    elif result in ("OK", "EXPECTEDFAIL"):
        tally.passed += 1
    if result not in ("OK", "EXPECTEDFAIL", "SKIP"):
        if failed_inside == 0:  # it crashed, hung, or its output broke off
            tally.failed += 1
        tally.output.append(f"--- {test['name']}: {result}, exit status {test.get('returncode')}")
        tally.output += [f"    {line}" for line in (out + "\n" + (test.get("stderr") or "")).splitlines()
                         if not re.match(r"ok\b|# case: ", line)][-200:]


def tally_of(build):
    tally = Tally()
    log = pathlib.Path(build) / "meson-logs/testlog.json"
    if log.exists():
        for line in log.read_text().splitlines():
            count(json.loads(line), tally)
    return tally


def main():
    if sys.argv[1] == "--total":
        total = Tally(failed=int(sys.argv[2]))
        for build in sys.argv[3:]:
            total.add(tally_of(build))
    else:
        total = tally_of(sys.argv[1])
        for line in total.skips + total.output:
            print(line)
    print(total.line())
    return total.failed != 0 or total.passed == 0


sys.exit(main())
