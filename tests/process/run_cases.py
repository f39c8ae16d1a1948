#!/usr/bin/env python3
"""Runs the whole-process cases: each in a process of its own, with a time limit, its output and its end compared.

Usage: run_cases.py DRIVER PLUGIN LIBRARY... [CASE...]. Output is TAP. A case that hangs is killed and fails. The
environment may say WEFT_TEST_LONG=1 (racy cases are repeated more often), WEFT_TEST_PATIENCE=N (a slow build: N times
the time limit) and WEFT_TEST_WRAPPER=COMMAND (what runs programs of another machine).
"""

import dataclasses
import os
import re
import shlex
import signal
import subprocess
import sys
import time

LIMIT = 20 * int(os.environ.get("WEFT_TEST_PATIENCE", "1"))
LONG = "WEFT_TEST_LONG" in os.environ
WRAPPER = shlex.split(os.environ.get("WEFT_TEST_WRAPPER", ""))


@dataclasses.dataclass
class Case:
    name: str
    status: int = 0  # exit status, or minus the signal that ended it
    out: tuple = ()  # lines of stdout
    ordered: bool = False  # whether the lines come in this order
    err: str = ""  # regular expression for all of stderr
    times: int = 1
    times_long: int = 50
    # Daemon threads run on at the end of the case, and what an ending thread still holds looks leaked. So no leak
    # check.
    leaves_daemons: bool = False
    # Its children have a copy of memory to which nothing in them refers. ThreadSanitizer does not follow them.
    forks: bool = False
    # Other threads allocate at that moment. The C library holds the locks of its allocator at a fork, but gcc 12's
    # AddressSanitizer does not. In the child such a lock may stay locked for ever.
    forks_while_busy: bool = False


BUSY = ("regular thread done", "task done")
HANDLER = ("task in the handler", "thread in the handler")

CASES = [
    Case("nothing-was-ever-used"),
    Case("return-from-main", 3, ("main returns", *BUSY)),
    Case("exit-from-main", 4, BUSY),
    Case("_exit-from-main", 5),
    Case("quick_exit-from-main", 6),
    Case("abort-from-main", -signal.SIGABRT),
    Case("exit-from-thread", 21, BUSY, times=3),
    Case("_exit-from-thread", 22),
    Case("quick_exit-from-thread", 23),
    Case("abort-from-thread", -signal.SIGABRT),
    Case("exit-from-daemon", 24, BUSY, times=3),
    Case("_exit-from-daemon", 25),
    Case("quick_exit-from-daemon", 26),
    Case("abort-from-daemon", -signal.SIGABRT),
    Case("exit-from-worker", 27, BUSY, times=3),
    Case("_exit-from-worker", 28),
    Case("quick_exit-from-worker", 29),
    Case("abort-from-worker", -signal.SIGABRT),
    Case("exit-from-callback", 30, (*BUSY, "task done"), times=3),
    Case("_exit-from-callback", 31, ("task done",)),
    Case("quick_exit-from-callback", 32, ("task done",)),
    Case("abort-from-callback", -signal.SIGABRT, ("task done",)),
    Case("exit-from-the-only-worker", 8, ("a task behind it",) * 20, times=3),
    Case("exit-from-a-task-with-tasks-behind-it", 8, ("a task behind it",) * 20, times=3),
    Case("exit-from-a-strand", 8, times=3),
    Case("exit-from-a-caller-run-task", 9, BUSY),
    Case("exit-from-a-joined-thread", 10, times=3),
    Case("exit-from-a-pthread-key-destructor", 11, BUSY, times=3),
    Case("exit-from-a-thread-local-destructor", 12, BUSY, times=3),
    Case("exit-from-a-thread-local-destructor-of-a-worker", 12, BUSY, times=3),
    Case("exit-from-the-worker-of-a-kept-pool", 12, BUSY, times=3),
    Case("an-isolated-runtime-is-waited-for-too", 0, ("regular thread done",)),
    Case("shut-down-before-the-end", 0, (*BUSY, "shut down")),
    Case("a-foreign-thread-does-not-hold-the-end", 0, BUSY),
    Case("regular-threads-are-waited-for", 0, tuple(f"regular {i}" for i in range(10))),
    Case("threads-started-during-the-end-are-waited-for", 0, ("the last one",), times=3),
    Case("tasks-submitted-during-the-end-are-finished", 0, ("task of a late submit",), times=3),
    Case("forty-daemons", times=20, times_long=300, leaves_daemons=True),
    Case("a-regular-thread-among-daemons", 0, ("regular thread done",), leaves_daemons=True),
    Case("a-pool-finishes-what-is-pending", 0, ("200 tasks",), times=5),
    Case("the-default-executor-finishes-what-is-pending", 0, ("200 tasks",), times=5),
    Case("a-strand-finishes-what-is-pending", 0, ("200 tasks",), times=5),
    Case("a-daemon-pool-drops-what-is-pending", 0, ("dropped",) * 3),
    Case("a-caller-run-executor-drops-what-is-pending", 0, ("dropped",) * 3),
    Case("idle-pools-hold-nothing", times=10),
    Case("handler-after-the-first-use", 0, HANDLER),
    Case("handler-before-the-first-use", 0, ("task in the handler", *["WEFT_ESHUTDOWN"] * 3), True),
    Case("exit-in-a-handler-after-the-first-use", 13, ("thread in the handler",)),
    Case("exit-in-a-handler-before-the-first-use", 13, ("thread in the handler",)),
    Case("shutdown-in-a-handler", 0, ("thread in the handler", "shut down in the handler"), True),
    Case("first-use-in-a-handler", 0, HANDLER),
    Case("static-object-after-the-first-use", 0, HANDLER),
    Case("static-object-before-the-first-use", 0, ("task in the handler", *["WEFT_ESHUTDOWN"] * 3), True),
    Case("thread-local-object-of-main", 0, HANDLER),
    Case("thread-local-object-of-a-thread", 0, HANDLER),
    Case("signals-run-on-a-host-thread", 0, ("idle", "200 handled", "all here"), True),
    Case("workers-block-the-signals-of-the-host-alone"),
    Case("the-option-chooses-the-mask"),
    Case("weft-installs-no-handler"),
    Case("a-fault-in-a-task-reaches-its-handler", 14, ("fault handled",)),
    Case("a-signal-ends-the-process-as-ever", -signal.SIGTERM),
    Case("the-system-sees-the-names", 0, ("reader", "42", "worker 0", "worker 1"), True),
    Case("the-default-hook-writes-one-line", err=r"[^\n]*failing[^\n]*ValueError[^\n]*a bad value[^\n]*\n"),
    Case("the-default-hook-writes-one-line-for-many", err=r"[^\n]*failing[^\n]*ValueError[^\n]*one[^\n]*three[^\n]*\n"),
    Case("the-default-hook-writes-of-an-exception", err=r"[^\n]*failing[^\n]*runtime_error[^\n]*out of paper[^\n]*\n"),
    Case("the-default-hook-writes-of-a-posted-task", err=r"[^\n]*printer_0[^\n]*ValueError[^\n]*a bad value[^\n]*\n"),
    Case(
        "a-hook-that-throws-falls-back",
        0,
        ("the process goes on",),
        err=r"(?s)(?=.*failing[^\n]*ValueError[^\n]*a bad value).*\n",
    ),
    Case("a-callback-that-throws-is-logged-and-the-others-run", 0, ("the next callback",),
         err=r"([^\n]*callback[^\n]*\n){2}"),
    Case("an-initializer-that-throws-breaks-the-pool", 0, ("WEFT_EBROKEN", "no device"), True),
    Case("pthread_exit-in-a-task", 0, ("unwound", "dropped", "the pool goes on"), True, times=3),
    # Only the hook can receive the error of a posted task.
    Case("pthread_exit-in-a-task-with-tasks-behind-it", 0, ("unwound", *["behind it"] * 3), True, r"([^\n]*\n)?", 3),
    Case("pthread_exit-in-a-thread", 0, ("unwound", "dropped", "stopped"), True, r"([^\n]*\n)?"),
]

CASES += [
    Case("a-forked-child-is-told-and-begins-anew", 0, ("parent done",), times=3, leaves_daemons=True, forks=True),
    Case("exit-in-a-child-that-was-not-reset", 0, ("task", "dropped"), True, times=3, forks=True),
    Case("fifty-forks-in-full-activity", 0, ("nothing lost",), times=2, times_long=20, forks=True, forks_while_busy=True),
    Case("a-child-that-returns-from-its-task-ends", 0, ("task behind it",) * 2, times=3, forks=True),
    Case("a-child-of-a-task-may-begin-anew", times=3, forks=True),
    Case("a-child-of-a-joined-call-is-told-by-the-join", times=3, forks=True),
    Case("a-child-of-a-caller-run-task-returns-to-its-caller", 0, ("task behind it",), times=3, forks=True),
    Case("a-child-of-a-child", times=3, forks=True),
    Case("spawned-processes-need-nothing", times=2, forks=True),
]

# The lines are kinds of errors, named by the compiler, so only parts of them are compared.
KINDS = "exceptions-become-errors"

# The host that is not linked with weft.
PLUGIN_CASES = [
    Case("unused", 0, ("closed",) * 3, True, times=3),
    Case("used", 0, ("a task", *["closed"] * 3, "a task that outlives dlclose"), times=3),
    Case("running", 0, ("a task", *["closed"] * 3), True, times=3),
    Case("thread", 0, ("a task", *["closed"] * 3, "its user has ended", "a task that outlives dlclose"), times=3),
]


def run(command, leaves_daemons):
    """(status, stdout, stderr), or None after the time limit."""
    environment = dict(os.environ)
    if leaves_daemons:
        environment["ASAN_OPTIONS"] = environment.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    child = subprocess.Popen([*WRAPPER, *command], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             start_new_session=True)
    try:
        out, err = child.communicate(timeout=LIMIT)
        return child.returncode, out.decode(errors="replace"), err.decode(errors="replace")
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
        print(f"# killed after {LIMIT} s; stdout: {out!r}, stderr: {err!r}")
        return None


def faults(case, outcome):
    """Returns what is wrong with an outcome, as lines."""
    if outcome is None:
        return ["it hangs"]
    status, out, err = outcome
    found = []
    if status != case.status:
        found.append(f"status {status}, should be {case.status}")
    lines, expected = out.splitlines(), list(case.out)
    if (lines if case.ordered else sorted(lines)) != (expected if case.ordered else sorted(expected)):
        found.append(f"stdout is {lines}, should be {expected}{' in this order' if case.ordered else ''}")
    if not re.fullmatch(case.err, err):
        found.append(f"stderr does not match {case.err!r}:")
        found += err.splitlines()
    return found


def faults_of_kinds(outcome):
    if outcome is None:
        return ["it hangs"]
    status, out, err = outcome
    lines = out.splitlines()
    if status == 0 and not err and len(lines) == 2 and re.fullmatch(r".*runtime_error.*: out of paper", lines[0]) \
            and re.match(r".*int.*: ", lines[1]):
        return []
    return [f"status {status}, stdout {lines}", *err.splitlines()]


def not_in_an_emulator(name, case):
    """Why the case cannot pass there (tests/systems), or None."""
    if "WEFT_TEST_EMULATED" not in os.environ:
        return None
    if case.forks:
        return "the emulator does not survive each fork of several threads"
    if name.startswith("abort-"):
        return "the emulator reports an abort in lines of its own"
    if name == "workers-block-the-signals-of-the-host-alone":
        return "the emulator keeps two signals for itself"
    return None


def main():
    driver, plugin, *rest = sys.argv[1:]
    libraries = [path for path in rest if os.path.exists(path)]
    wanted = [name for name in rest if name not in libraries]
    rows = [(case.name, case, [driver, case.name]) for case in CASES]
    rows.append((KINDS, Case(KINDS), [driver, KINDS]))
    rows += [(f"dlopen-{case.name}{'' if library == libraries[0] else '-archive'}", case, [plugin, case.name, library])
             for library in libraries for case in PLUGIN_CASES]
    rows = [row for row in rows if not wanted or row[0] in wanted]
    print(f"1..{len(rows)}")
    failed = False
    for number, (name, case, command) in enumerate(rows, 1):
        if reason := not_in_an_emulator(name, case):
            print(f"ok {number} - {name} # SKIP {reason}")
            continue
        if case.forks and "thread" in os.environ.get("WEFT_SANITIZED", ""):
            print(f"ok {number} - {name} # SKIP ThreadSanitizer does not follow a fork")
            continue
        if case.forks_while_busy and "address" in os.environ.get("WEFT_SANITIZED", ""):
            print(f"ok {number} - {name} # SKIP AddressSanitizer does not hold its allocator's locks at a fork")
            continue
        found = []
        began = time.monotonic()
        for round_number in range(case.times_long if LONG else case.times):
            outcome = run(command, case.leaves_daemons or case.forks)
            found = faults_of_kinds(outcome) if name == KINDS else faults(case, outcome)
            if found:
                print(f"# {name}, round {round_number + 1}:")
                break
        for line in found:
            print(f"#   {line}")
        failed |= bool(found)
        print(f"# {time.monotonic() - began:.2f} s")
        print(f"{'not ok' if found else 'ok'} {number} - {name}", flush=True)
    return failed


sys.exit(main())
