#!/usr/bin/env python3
"""Every status that a header lists for a function is expected of that function by a test.

Reads the comments of include/weft/*.h and the sources of tests/capi, as text. Above each `WEFT_API weft_status f(...)`
stands a comment with a list:

     * Returns
     *   WEFT_OK            what holds then
     *   WEFT_EINVAL        when, in one line or more;
     *                      further lines begin below the text

It begins with WEFT_OK, names no status twice, and ends with the comment or an empty line. Each other status in it must
stand in a CHECK_STATUS(f(...), WEFT_E...) somewhere. Whether the expectation is met is for those tests to say. Output
is TAP.
"""

import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])

# Pairs that no test on this machine can bring about, each with its reason. An entry that is covered after all is an
# error too, so that the list cannot grow stale.
unreachable = {
    ("weft_strand_create", "WEFT_ENOMEM"): "Asio 1.74 itself crashes when its strand finds no memory",
}

FUNCTION = re.compile(r"^WEFT_API weft_status (\w+)\(", re.M)
COMMENT = re.compile(r"/\*\*((?:(?!\*/).)*)\*/\s*\Z", re.S)
LIST = re.compile(r"^ \* Returns\n((?: \* .*\n)*)", re.M)
ENTRY = re.compile(r" \*   (WEFT_[A-Z]+) +\S")
FURTHER_LINE = re.compile(r" \* {6,}\S")


def listed(comment):
    """The statuses that a comment lists, and what is wrong with the list or None."""
    lists = LIST.findall(comment)
    if len(lists) != 1:
        return [], "no list of what it returns" if not lists else "two lists of what it returns"
    statuses = []
    for line in lists[0].splitlines():
        entry = ENTRY.match(line)
        if entry:
            statuses.append(entry[1])
        elif not FURTHER_LINE.match(line) or not statuses:
            return statuses, f"not a line of a list: {line}"
    if statuses[:1] != ["WEFT_OK"]:
        return statuses, "WEFT_OK is not the first"
    twice = [status for status in statuses if statuses.count(status) > 1]
    return statuses, f"{twice[0]} is there twice" if twice else None


def documented():
    """(function, its statuses, what is wrong with their list or None) in the order of the headers."""
    for header in sorted((root / "include/weft").glob("*.h")):
        text = header.read_text()
        for match in FUNCTION.finditer(text):
            comment = COMMENT.search(text, 0, match.start())
            yield match[1], *listed(comment[1] if comment else "")


def expectations(source):
    """(function, status) pairs of the CHECK_STATUS calls of one source."""
    text = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    for match in re.finditer(r"\b(?:CHECK_STATUS|ATTEMPT|ATTEMPT_THAT_STARTS_THREADS)\(", text):
        depth, end = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        call = text[match.end() : end - 1]
        function = re.match(r"\s*(weft_\w+)", call)
        if not function:
            continue
        if match.group().startswith("ATTEMPT"):
            yield function.group(1), "WEFT_ENOMEM"
        else:
            yield function.group(1), call.rsplit(",", 1)[1].strip()


covered = set()
for path in sorted((root / "tests/capi").glob("*.c")):
    source = path.read_text()
    covered.update(expectations(source))
    if path.name == "options.c":  # its table expects both of every function that takes options
        for function in re.findall(r"\b(weft_\w+_(?:create|submit|submit_batch|map))\(", source):
            covered.update({(function, "WEFT_EINVAL"), (function, "WEFT_ENOTSUP")})
    # Tables that expect one answer of several functions: check_..._refuse.
    for name, body in re.findall(r"^static void (check_\w+_refuse)\(.*?\{(.*?)^\}", source, re.S | re.M):
        answers = re.findall(name + r"\([^;]*?, (WEFT_E\w+)\)", source)
        for function in re.findall(r"CHECK_STATUS\((weft_\w+)\(", body):
            covered.update((function, answer) for answer in answers)

results = []  # (is it right, what was looked at)
for function, statuses, fault in documented():
    results.append((fault is None, f"{function}: {fault or 'its list'}"))
    for status in dict.fromkeys(statuses):
        pair = (function, status)
        if pair in unreachable:
            results.append((pair not in covered, f"{function} {status} # SKIP {unreachable[pair]}"))
        elif status != "WEFT_OK":
            results.append((pair in covered, f"{function} {status}"))
if not results:
    sys.exit("no function found: the headers are not as this test expects them")
print(f"1..{len(results)}")
for number, (ok, what) in enumerate(results, 1):
    print(f"{'ok' if ok else 'not ok'} {number} - {what}")
sys.exit(not all(ok for ok, _ in results))
