#!/usr/bin/env python3
"""Python's ThreadPoolExecutor. It runs far fewer tasks than the others, because each takes so much longer.

The command line is that of frame/program.hpp.
"""

import argparse
import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor


class Measurement:
    def __init__(self, workload, workers, size):
        self.workload, self.workers, self.size, self.figures = workload, workers, size, {}

    def choose(self, full, quick, smoke):
        return {"quick": quick, "smoke": smoke}.get(self.size, full)

    def report(self, value, suffix=""):
        self.figures[self.workload + suffix] = value

    def report_quantiles(self, count, once):
        for _ in range(count // 10 + 1):
            once()
        times = []
        for _ in range(count):
            begin = time.perf_counter_ns()
            once()
            times.append(time.perf_counter_ns() - begin)
        times.sort()
        self.report(times[count // 2])
        self.report(times[count * 99 // 100], "_p99")

    def expect(self, wanted, got, what):
        if wanted != got:
            print(f"{self.workload}, {self.workers} workers: {what}: {got} instead of {wanted}", file=sys.stderr)
            sys.stderr.flush()
            os._exit(1)


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def cpu_time():
    """CPU time of all threads, in nanoseconds, read as in cpu_clock of frame/resources.hpp, which says why."""
    for thread in os.listdir("/proc/self/task"):
        time.clock_gettime_ns(~int(thread) << 3 | 6)
    return time.process_time_ns()


def post_outside(m):
    count = m.choose(50_000, 20_000, 500)
    with ThreadPoolExecutor(m.workers) as pool:
        for _ in range(2):  # the first one warms up
            ran = []
            begin = time.perf_counter_ns()
            for _ in range(count):
                pool.submit(ran.append, None)
            while len(ran) != count:
                time.sleep(0.0002)
            took = time.perf_counter_ns() - begin
    m.expect(count, len(ran), "tasks that ran")
    m.report(took / count)


def submit_and_read(m, executor=ThreadPoolExecutor):
    count = m.choose(50_000, 20_000, 500)
    with executor(m.workers) as pool:
        for _ in range(2):
            begin = time.perf_counter_ns()
            futures = [pool.submit(int, i) for i in range(count)]
            total = sum(each.result() for each in futures)
            took = time.perf_counter_ns() - begin
            m.expect(count * (count - 1) // 2, total, "sum of the results")
    m.report(took / count)


def post_inside(m):
    count = m.choose(50_000, 20_000, 500)
    with ThreadPoolExecutor(m.workers) as pool:
        for _ in range(2):
            ran = []

            def post_all(ran=ran):
                for _ in range(count):
                    pool.submit(ran.append, None)

            begin = time.perf_counter_ns()
            pool.submit(post_all)
            while len(ran) != count:
                time.sleep(0.0002)
            took = time.perf_counter_ns() - begin
    m.report(took / count)


def round_trip(m):
    ran = threading.Event()

    def once():
        pool.submit(ran.set)
        ran.wait()
        ran.clear()

    with ThreadPoolExecutor(m.workers) as pool:
        m.report_quantiles(m.choose(3_000, 1_000, 100), once)


def future_round_trip(m):
    with ThreadPoolExecutor(m.workers) as pool:
        m.report_quantiles(m.choose(3_000, 1_000, 100),
                           lambda: m.expect(7, pool.submit(int, 7).result(), "result"))


def pending_memory(m):
    count = m.choose(100_000, 50_000, 500)
    gate = threading.Event()
    with ThreadPoolExecutor(m.workers) as pool:
        for _ in range(m.workers):
            pool.submit(gate.wait)
        futures = [None] * (count if m.workload == "W8f" else 0)
        before = resident_bytes()
        for i in range(count):
            future = pool.submit(int, 1)
            if futures:
                futures[i] = future
        m.report((resident_bytes() - before) / count)
        gate.set()
    m.expect(len(futures), sum(each.result() for each in futures), "sum of the results")


def idle(m):
    with ThreadPoolExecutor(m.workers) as pool:
        for each in [pool.submit(int, 1) for _ in range(m.choose(50_000, 20_000, 500))]:
            each.result()
        before = cpu_time()
        time.sleep(m.choose(2, 2, 0.05))
        m.report((cpu_time() - before) * 1e-6)


def create_and_join(m):
    count = m.choose(2_000, 1_000, 50)
    ran = []
    for _ in range(2):
        ran.clear()
        begin = time.perf_counter_ns()
        for _ in range(count):
            thread = threading.Thread(target=ran.append, args=(None,))
            thread.start()
            thread.join()
        took = time.perf_counter_ns() - begin
        m.expect(count, len(ran), "threads that ran")
    m.report(took / count / 1_000)


KNOWN = {"W1": post_outside, "W2": submit_and_read, "W3": post_inside, "W5": round_trip, "W5f": future_round_trip,
         "W7": create_and_join, "W8": pending_memory, "W8f": pending_memory, "W9": idle, "FFI_python": submit_and_read}


def main(peer, known):
    parser = argparse.ArgumentParser()
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--only", default=",".join(known))
    parser.add_argument("--workers", default="2")
    parser.add_argument("--size", default="full")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(known))
        return
    benchmarks = []
    for name in arguments.only.split(","):
        for workers in map(int, arguments.workers.split(",")):
            measured = Measurement(name, workers, arguments.size)
            known[name](measured)
            benchmarks.append({"name": f"{name}/{peer}/{workers}", **measured.figures})
    print(json.dumps({"benchmarks": benchmarks}))


if __name__ == "__main__":
    main("python", KNOWN)
