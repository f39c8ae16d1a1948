#!/usr/bin/env python3
"""Every status that a header names for a function is expected of that function by a test.

Reads the comments of include/weft/*.h and the sources of tests/capi, as text: for each `WEFT_API weft_status f(...)`,
each WEFT_E... in the comment above it must stand in a CHECK_STATUS(f(...), WEFT_E...) somewhere. Whether the
expectation is met is for those tests to say. Output is TAP.
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

# Statuses that a comment speaks of without saying that this function returns them.
spoken_of = {
    ("weft_caller_run_create", "WEFT_EDEADLK"),
    ("weft_default_executor", "WEFT_ENOTSUP"),
    ("weft_domain_close", "WEFT_ECLOSED"),
    ("weft_executor_shutdown", "WEFT_ESHUTDOWN"),
    ("weft_executor_error", "WEFT_EBROKEN"),
    ("weft_future_enter", "WEFT_EINTERRUPTED"),
    ("weft_future_request_stop", "WEFT_EINTERRUPTED"),
    ("weft_group_cancel", "WEFT_EINTERRUPTED"),
    ("weft_group_enter", "WEFT_EDEADLK"),
    ("weft_join", "WEFT_EDEADLK"),
    ("weft_queue_wait", "WEFT_EDEADLK"),
    ("weft_runtime_reset_after_fork", "WEFT_EFORKED"),
    ("weft_runtime_reset_after_fork", "WEFT_ECANCELED"),
    ("weft_runtime_shutdown", "WEFT_ESHUTDOWN"),
    ("weft_runtime_destroy", "WEFT_ESHUTDOWN"),
    ("weft_thread_request_stop", "WEFT_EINTERRUPTED"),
    ("weft_timer_close", "WEFT_ECLOSED"),
    ("weft_timer_create_notify", "WEFT_ERUNNING"),
}


def documented():
    """(function, status) pairs in the order of the headers."""
    for header in sorted((root / "include/weft").glob("*.h")):
        text = header.read_text()
        for match in re.finditer(r"/\*\*((?:(?!\*/).)*?)\*/\s*WEFT_API weft_status (\w+)\(", text, re.S):
            comment, function = match.groups()
            for status in dict.fromkeys(re.findall(r"\bWEFT_E[A-Z]+\b", comment)):
                yield function, status


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
    # Tables that expect one answer of several functions.
    for name, body in re.findall(r"static void (check_all_refuse)\(.*?\{(.*?)\n\}", source, re.S):
        answers = re.findall(name + r"\([^;]*?, (WEFT_E\w+)\)", source)
        for function in re.findall(r"CHECK_STATUS\((weft_\w+)\(", body):
            covered.update((function, answer) for answer in answers)

pairs = [pair for pair in documented() if pair not in spoken_of]
if not pairs:
    sys.exit("no documented statuses found: the headers are not as this test expects them")
print(f"1..{len(pairs)}")
failed = False
for number, pair in enumerate(pairs, 1):
    function, status = pair
    if pair in unreachable:
        ok = pair not in covered
        remark = f" # SKIP {unreachable[pair]}"
    else:
        ok, remark = pair in covered, ""
    failed |= not ok
    print(f"{'ok' if ok else 'not ok'} {number} - {function} {status}{remark}")
sys.exit(failed)
