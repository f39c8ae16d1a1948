#!/usr/bin/env python3
"""Measures weft beside its peers, prints the tables, and writes them as JSON and SVG. tests/bench/run builds what this
runs and calls it; the options are those of that command."""

import argparse
import json
import os
import pathlib
import sys

import chart
import growth
import measure
import table
from workloads import BY_NAME, FAMILIES, UNITS, WEFT, WORKLOADS

HERE = pathlib.Path(__file__).resolve().parent
PEERS = [*WEFT, "weft_static", "weft_rust", "weft_go", "weft_python", "asio_pool", "asio_io", "tbb_arena", "tbb_group",
         "libuv", "glib", "openmp", "moodycamel", "boost", "std", "pthread", "tokio", "rayon", "go", "python", "serial"]


def command_of(peer, build):
    """The command that starts a peer, or None if it is absent."""
    if peer == "python":
        return [sys.executable, str(HERE / "peers" / "python.py")]
    if peer == "weft_python":
        folder = build / "python"
        return [sys.executable, str(folder / "weft_python.py")] if (folder / "weft_pool.so").exists() else None
    program = {"tokio": "rust/release/tokio", "rayon": "rust/release/rayon", "weft_rust": "rust/release/weft_rust",
               "go": "go_peer", "weft_go": "go_weft_peer"}.get(peer, f"tests/bench/peer_{peer}")
    return [str(build / program)] if (build / program).exists() else None


def parse():
    def names(text):
        return [each for each in text.split(",") if each]

    parser = argparse.ArgumentParser(prog="tests/bench/run", description="Builds and runs the benchmarks.")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build-bench"), help=argparse.SUPPRESS)
    parser.add_argument("--only", type=names, metavar="W1,W5", help="these workloads (default: W1 to W13, CABI, FFI)")
    parser.add_argument("--workers", type=names, default=["2"], metavar="1,2,4", help="how many workers (default: 2)")
    parser.add_argument("--peers", type=names, metavar="LIST", help="these peers (default: all that are installed)")
    parser.add_argument("--growth", action="store_true",
                        help="weft alone: W1 to W5 with 1 to 32 workers, and W1 from 1 to 8 threads")
    parser.add_argument("--quick", action="store_true", help="smaller workloads, 3 rounds instead of 7")
    parser.add_argument("--rounds", type=int, help="another number of rounds")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write the figures as a list of objects")
    parser.add_argument("--chart", type=pathlib.Path, metavar="FILE", help="draw the figures as an SVG")
    arguments = parser.parse_args()
    if arguments.only:
        arguments.only = [each for name in arguments.only for each in FAMILIES.get(name, [name])]
    for name in arguments.only or ():
        if name not in BY_NAME:
            parser.error(f"there is no workload {name}; there are {', '.join([*FAMILIES, *BY_NAME])}")
    for name in arguments.peers or ():
        if name not in PEERS:
            parser.error(f"there is no peer {name}; there are {', '.join(PEERS)}")
    if arguments.growth:
        if arguments.only or arguments.peers or arguments.chart or arguments.workers != ["2"]:
            parser.error("--growth says itself which workloads, workers and peers, and draws no chart")
        arguments.peers = list(WEFT)
    if not all(each.isdigit() and int(each) for each in arguments.workers):
        parser.error("--workers takes numbers from 1")
    arguments.workers = [int(each) for each in arguments.workers]
    return arguments


def show(figures, wanted, counts):
    """Prints the tables. Returns how many musts are missed."""
    missed = 0
    for workload in wanted:
        for workers in workload.workers or counts:
            if workload.columns:
                table.print_columns(figures, workload, workers)
            else:
                for name in (workload.name, *workload.parts):
                    table.print_table(figures, workload, name, workers)
            missed += table.print_musts(figures, workload, workers)
        table.print_growth(figures, workload.name, counts)
    return missed


def main():
    arguments = parse()
    wanted = [BY_NAME[each] for each in arguments.only] if arguments.only else [each for each in WORKLOADS if each.main]
    commands = {peer: command_of(peer, arguments.build) for peer in arguments.peers or PEERS}
    absent = [peer for peer, command in commands.items() if command is None]
    commands = {peer: command for peer, command in commands.items() if command}
    known = {peer: measure.known_workloads(command) for peer, command in commands.items()}

    print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.2f}, {'quick, no figures to cite' if arguments.quick else 'full'}")
    print("absent:", ", ".join(absent) if absent else "none")
    if arguments.growth:
        chosen = growth.series(commands)
    else:
        chosen = [measure.Series(each.name, peer, workers) for each in wanted
                  for workers in each.workers or arguments.workers for peer in commands if each.name in known[peer]]
    failures = []
    def rounds(workload):
        return arguments.rounds or (1 if BY_NAME[workload].once else 3 if arguments.quick else 7)

    def warm_ups(workload):
        return 0 if BY_NAME[workload].once else 1

    values = measure.measure(commands, chosen, rounds, warm_ups, "quick" if arguments.quick else "full", failures)
    rows = measure.summary(values, UNITS)
    figures = table.Figures(rows)
    missed = growth.show(figures, commands) if arguments.growth else show(figures, wanted, arguments.workers)
    print(f"\n{missed} musts missed")

    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if arguments.chart:
        drawing = chart.draw(figures, wanted, arguments.workers[0])
        if drawing:
            arguments.chart.write_text(drawing, encoding="utf-8")
        else:
            print("no chart: it takes weft and a peer")
    for failure in failures:
        print(f"FAILED: {failure}")
    sys.exit(1 if failures else 0)


main()
