"""What is measured: the workloads, their units, and what weft must reach compared with its peers.

Knows nothing of how programs are run (measure.py) or shown (table.py, chart.py).
"""

from dataclasses import dataclass, field
from typing import Callable

WEFT = ("weft_c", "weft_cpp")


@dataclass
class Must:
    """A limit for a figure of weft. limit(of) returns it, from of(peer, ...), or None if a peer is absent."""
    text: str
    limit: Callable
    workload: str | tuple = ""  # if the figure is another one than the workload's own; of several the greatest
    peers: tuple = WEFT  # the peers for which it holds


@dataclass
class Workload:
    name: str
    unit: str
    text: str
    musts: list = field(default_factory=list)
    higher_is_better: bool = False
    main: bool = True  # a part of a run without --only
    parts: tuple = ()  # further figures that the same run gives
    workers: tuple = ()  # numbers of workers that replace those of --workers
    once: bool = False  # one round without a warm-up: the figure is the worst of many already
    columns: tuple = ()  # headings of one table with a line for each peer: of the workload itself, then of its parts


def times(factor, *peers, workload=None):
    """A multiple of the best of these peers that are present, in this workload or another one."""
    def limit(of):
        found = [value for value in (of(peer, workload) for peer in peers) if value is not None]
        return factor * min(found) if found else None
    return limit


def fixed(value):
    return lambda of: value


def both(*limits):
    """The sum of these limits."""
    def limit(of):
        values = [each(of) for each in limits]
        return None if None in values else sum(values)
    return limit


# W12: what keeps the workers busy, how long each of its tasks is (ms), and what is sent meanwhile.
LOADS = {"own": "tasks that post the next one", "batches": "batches from outside", "strands": "a busy strand for each worker",
         "spawned": "chains of spawned tasks", "high": "tasks of high priority", "low": "tasks of low priority",
         "timers": "tasks that become due"}
LENGTHS = {"0": 0, "100us": 0.1, "10ms": 10}
PROBES = ("_inside", "_high", "_low", "_timer", "_strand")
BESIDE = ("_machine", "_counted")  # what the machine adds, and the delay without it


def fairness(load, length):
    """The longest delay of each kind of probe; 3 lengths of a task and 1 ms are allowed."""
    name, allowed = f"W12_{load}_{length}", 3 * LENGTHS[length] + 1
    musts = [Must(f"{allowed:g}, each of them", fixed(allowed), tuple(name + probe for probe in ("", *PROBES)))]
    if LENGTHS[length]:
        musts.append(Must(f"{allowed - 1:g}, counted in tasks", fixed(allowed - 1), name + "_counted"))
    return Workload(name, "ms", f"longest delay beside {LOADS[load]}, each {length} long", musts,
                    parts=tuple(name + part for part in (*PROBES, *BESIDE)), once=True,
                    columns=("outside", *(part.strip("_") for part in (*PROBES, *BESIDE))))


ASIO = ("asio_pool", "asio_io")
ARENA = "tbb_arena"
P99 = "_p99"

WORKLOADS = [
    Workload("W1", "ns/task", "post a million empty tasks from outside, wait for all", [
        Must("0.5 x tbb_arena", times(0.5, ARENA)), Must("0.4 x asio_pool", times(0.4, "asio_pool"))]),
    Workload("W2", "ns/task", "submit a million tasks with a future each, then read all", [
        Must("0.75 x tokio", times(0.75, "tokio")), Must("0.2 x asio with use_future", times(0.2, *ASIO))]),
    Workload("W3", "ns/task", "one task posts a million from inside", [Must("0.45 x tbb_arena", times(0.45, ARENA))]),
    Workload("W4", "ns/task", "a tree of 2^20 tasks, each spawns two", [Must("1.0 x tbb_group", times(1, "tbb_group"))]),
    Workload("W4j", "ns/call", "fork-join recursion: Fibonacci without a cut-off", [
        Must("1.0 x parallel_invoke", times(1, ARENA)), Must("8 ns", fixed(8))]),
    Workload("W4j_group", "ns/call", "the same with a scoped group for each fork", []),
    Workload("W5", "ns", "post one task, wait until it has run", [
        Must("1.0 x tbb_arena", times(1, ARENA)), Must("p99: 4 µs", fixed(4000), "W5" + P99)], parts=("W5" + P99,)),
    Workload("W5f", "ns", "submit one task, block for its result", [
        Must("1.0 x tbb_arena's W5", times(1, ARENA, workload="W5")), Must("0.05 x asio", times(0.05, *ASIO)),
        Must("p99: 4 µs", fixed(4000), "W5f" + P99)], parts=("W5f" + P99,)),
    Workload("W6a", "ns/task", "a million tasks on one strand", [Must("0.5 x asio::strand", times(0.5, "asio_pool"))]),
    Workload("W6b", "ns/task", "16 thousand tasks on each of 64 strands", [
        Must("0.5 x asio::strand", times(0.5, "asio_pool"))]),
    Workload("W7", "µs", "create and join one thread", [Must("1.1 x pthread", times(1.1, "pthread"))]),
    Workload("W8", "bytes/task", "memory of a task that waits to start", [Must("64", fixed(64))]),
    Workload("W8f", "bytes/task", "the same with a future", [Must("128", fixed(128))]),
    Workload("W9", "ms", "CPU time in 2 s of idleness right after a burst", [Must("0.1", fixed(0.1))]),
    Workload("W10", "ns/timer", "a million timers: arm; cancel", [
        Must("arm + cancel: libuv's sum", both(times(1, "libuv"), times(1, "libuv", workload="W10_cancel")), "W10+")],
        parts=("W10_cancel",)),
    Workload("W10s", "ns", "one timer armed and cancelled, alone", [Must("100", fixed(100))]),
    Workload("W11", "GB/s", "parallel sum over ten million doubles", [Must("0.95 x tbb", times(0.95, ARENA))],
             higher_is_better=True),
    Workload("W11b", "ns", "a parallel loop over four indices", [Must("3 x tbb", times(3, ARENA))],
             parts=("W11b" + P99,)),
    *(Workload(f"W13_{length}", "x", f"a loop over 1 to 16 bodies of {length}: the worst time over the ideal one", [
        Must("1.15, outside and inside", fixed(1.15), (f"W13_{length}", f"W13_{length}_inside"))],
        parts=(f"W13_{length}_inside",), workers=(2, 4, 8), once=True, columns=("outside", "inside"))
      for length in ("1ms", "100ms")),
    *(fairness(load, length) for load in LOADS for length in LENGTHS),
    Workload("CABI", "ns/call", "a call into the shared library, and the same one linked statically", [
        Must("5 more than the static one", both(times(1, "weft_static"), fixed(5)))]),
    Workload("FFI_rust", "ns/task", "W2 from Rust: spawn a million closures, then read all results", [
        Must("1.2 x weft_c", times(1.2, "weft_c"), peers=("weft_rust",))]),
    Workload("FFI_go", "ns/task", "W2 from Go, in batches of a thousand closures", [
        Must("150", fixed(150), peers=("weft_go",))]),
    Workload("FFI_python", "ns/task", "W2 from Python, a twentieth of the callables", [
        Must("a third of ThreadPoolExecutor", times(1 / 3, "python"), peers=("weft_python",))]),
    # Growth and steadiness: only when asked for.
    *(Workload(f"W1_s{n}", "ns/task", f"W1 from {n} threads", main=False) for n in (2, 4, 8)),
    Workload("W1_10M", "ns/task", "W1 with ten million tasks", main=False),
    Workload("W1_grow", "KiB", "by how much ten rounds of W1 make the process grow", main=False),
]

# Several workloads under one name.
FAMILIES = {family: [each.name for each in WORKLOADS if each.name.startswith(family + "_")] for family in ("W12", "W13")}
BY_NAME = {each.name: each for each in WORKLOADS}
UNITS = {part: each.unit for each in WORKLOADS for part in (each.name, *each.parts)}
