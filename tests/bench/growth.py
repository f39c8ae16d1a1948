"""What --growth measures and shows: how far weft's cost lies apart with few and many workers, and with few and many
threads that submit. Many pools collapse with more workers than cores, because each submit wakes another one.
"""

from measure import Series
from table import growth_line
from workloads import BY_NAME

WORKERS = (1, 2, 4, 6, 32)
WORKLOADS = ("W1", "W2", "W3", "W4", "W5")
SUBMITTERS = {1: "W1", 2: "W1_s2", 4: "W1_s4", 8: "W1_s8"}  # each with the usual number of workers:
USUAL = 2
LIMIT = 2  # how many times the best figure the worst one may be


def series(peers):
    chosen = [Series(name, peer, workers) for name in WORKLOADS for workers in WORKERS for peer in peers]
    return chosen + [Series(name, peer, USUAL) for name in SUBMITTERS.values() for peer in peers if name not in WORKLOADS]


def show(figures, peers):
    """Returns how many limits are missed."""
    shown = [(BY_NAME[name], "workers", {workers: (name, workers) for workers in WORKERS}) for name in WORKLOADS]
    shown.append((BY_NAME["W1"], "threads that submit", {count: (name, USUAL) for count, name in SUBMITTERS.items()}))
    missed = 0
    for workload, what, asked in shown:
        print(f"\n{workload.name} with {', '.join(map(str, asked))} {what} ({workload.unit})")
        for peer in peers:
            values = {count: figures.get(name, peer, workers) for count, (name, workers) in asked.items()}
            line, factor = growth_line(peer, values)
            if line is None:
                continue
            missed += factor >= LIMIT
            print(f"{line}, must < {LIMIT}: {'reached' if factor < LIMIT else 'missed'}")
    return missed
