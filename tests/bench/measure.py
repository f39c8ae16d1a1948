"""Runs the programs of the peers in turns, and gathers their figures.

Owns the order of the runs. One round runs every peer once, each in a process of its own, so that all peers meet the same
weather; the first round only warms up. Knows nothing of what a figure means.
"""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass

PATIENCE = 300  # seconds for one program; a hang becomes a failure


class Failed(Exception):
    """A program ended with an error, or gave no figure."""


@dataclass(frozen=True)
class Series:
    """What one program is asked for: one workload with a number of workers."""
    workload: str
    peer: str
    workers: int


def known_workloads(command):
    answer = subprocess.run([*command, "--list"], capture_output=True, text=True, check=True, timeout=PATIENCE)
    return answer.stdout.split()


def measure_once(command, series, size):
    """The figures of one run, by name."""
    what = f"{series.workload} of {series.peer} with {series.workers} workers"
    try:
        answer = subprocess.run(
            [*command, f"--only={series.workload}", f"--workers={series.workers}", f"--size={size}",
             *(["--benchmark_format=json"] if "/peer_" in command[0] else [])],
            capture_output=True, text=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise Failed(f"{what}: no end after {PATIENCE} s") from None
    if answer.returncode != 0:
        raise Failed(f"{what}: exit status {answer.returncode}\n{answer.stderr.strip()}")
    found = {}
    for each in json.loads(answer.stdout)["benchmarks"]:
        if each.get("error_occurred"):
            raise Failed(f"{what}: {each.get('error_message')}")
        found |= {name: value for name, value in each.items() if name.split("_")[0] == series.workload.split("_")[0]}
    if series.workload not in found:
        raise Failed(f"{what}: no figure")
    return found


def tell(progress):
    """Prints on a terminal only; each line replaces the last one."""
    if sys.stderr.isatty():
        print(f"\r{progress:<40}\r", end="", file=sys.stderr, flush=True)


def measure(commands, chosen, rounds, warm_ups, size, failures):
    """Returns {(figure, peer, workers): [value of each round]}. A series that fails is named in failures and left out.
    rounds, warm_ups: how many, by workload."""
    values = {}
    broken = set()
    for workload in dict.fromkeys(each.workload for each in chosen):
        series_of_it = [each for each in chosen if each.workload == workload]
        first = 1 - warm_ups(workload)
        for turn in range(first, rounds(workload) + 1):
            tell(f"{workload}: {'warm-up' if turn == 0 else f'round {turn} of {rounds(workload)}'}")
            # Each round begins with another peer, so that none always follows the same one.
            start = turn % len(series_of_it)
            for each in series_of_it[start:] + series_of_it[:start]:
                if each in broken:
                    continue
                try:
                    found = measure_once(commands[each.peer], each, size)
                except Failed as failure:
                    broken.add(each)
                    failures.append(str(failure))
                    continue
                for name, value in found.items() if turn else ():
                    values.setdefault((name, each.peer, each.workers), []).append(value)
    tell("")
    for each in broken:
        for key in [key for key in values if key[1:] == (each.peer, each.workers) and key[0].startswith(each.workload)]:
            del values[key]
    return values


def summary(values, units):
    """The list that --json writes."""
    return [{"workload": name, "peer": peer, "workers": workers, "unit": units.get(name, ""),
             "median": statistics.median(each), "min": min(each), "max": max(each), "n": len(each)}
            for (name, peer, workers), each in values.items()]
