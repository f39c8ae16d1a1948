"""The figures as text: one table for each workload, and which musts are reached.

Knows nothing of how the figures came about.
"""


class Figures:
    """The medians, by workload, peer and number of workers."""

    def __init__(self, rows):
        self.rows = rows
        self.medians = {(row["workload"], row["peer"], row["workers"]): row["median"] for row in rows}

    def get(self, workload, peer, workers):
        if workload.endswith("+"):
            parts = [self.get(workload[:-1] + suffix, peer, workers) for suffix in ("", "_cancel")]
            return None if None in parts else sum(parts)
        return self.medians.get((workload, peer, workers))

    def greatest(self, workloads, peer, workers):
        names = (workloads,) if isinstance(workloads, str) else workloads
        values = [value for value in (self.get(name, peer, workers) for name in names) if value is not None]
        return max(values) if values else None

    def sorted_rows(self, name, workers, higher_is_better):
        rows = [row for row in self.rows if row["workload"] == name and row["workers"] == workers]
        return sorted(rows, key=lambda row: row["median"], reverse=higher_is_better)


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 10 else f"{value:.1f}"


def print_table(figures, workload, name, workers):
    rows = figures.sorted_rows(name, workers, workload.higher_is_better)
    if not rows:
        return
    print(f"\n{name}: {workload.text} ({workload.unit}, {workers} {'worker' if workers == 1 else 'workers'})")
    best = rows[0]["median"]
    for row in rows:
        high, low = (best, row["median"]) if workload.higher_is_better else (row["median"], best)
        ratio = f"{high / low:10,.2f} x" if low > 0 else " " * 12
        mark = "*" if row["peer"].startswith("weft") else " "
        spread = f"{number(row['min'])} .. {number(row['max'])}"
        print(f" {mark}{row['peer']:<12}{number(row['median']):>12}{ratio}   {spread:>24}  n={row['n']}")


def print_columns(figures, workload, workers):
    """One table for the workload and its parts."""
    names = (workload.name, *workload.parts)
    peers = [row["peer"] for row in figures.sorted_rows(workload.name, workers, workload.higher_is_better)]
    if not peers:
        return
    print(f"\n{workload.name}: {workload.text} ({workload.unit}, {workers} {'worker' if workers == 1 else 'workers'})")
    print(" " * 14 + "".join(f"{heading:>10}" for heading in workload.columns))
    for peer in peers:
        values = [figures.get(name, peer, workers) for name in names]
        mark = "*" if peer.startswith("weft") else " "
        print(f" {mark}{peer:<12}" + "".join(f"{'-' if value is None else number(value):>10}" for value in values))


def print_musts(figures, workload, workers):
    """Prints one line for each must and each of weft's interfaces. Returns how many are missed."""
    missed = 0
    for must in workload.musts:
        limit = must.limit(lambda peer, other: figures.get(other or workload.name, peer, workers))
        for peer in must.peers:
            value = figures.greatest(must.workload or workload.name, peer, workers)
            if value is None:
                continue
            sign = ">=" if workload.higher_is_better else "<="
            head = f"  must {sign} {must.text}: {peer} {number(value)}"
            if limit is None:
                print(f"{head}: cannot be told, that peer was not measured")
                continue
            reached = value >= limit if workload.higher_is_better else value <= limit
            missed += not reached
            high, low = (limit, value) if workload.higher_is_better else (value, limit)
            verdict = "reached" if reached else f"missed by {(high / low - 1) * 100:.0f}%" if low > 0 else "missed"
            print(f"{head} against {number(limit)}: {verdict}")
    return missed


def growth_line(peer, values):
    """How far values lie apart, by what was varied: a line, and the worst over the best. Nothing for fewer than two."""
    values = {varied: value for varied, value in values.items() if value}
    if len(values) < 2:
        return None, None
    factor = max(values.values()) / min(values.values())
    line = ", ".join(f"{varied}: {number(value)}" for varied, value in values.items())
    return f"  growth of {peer:<12} {line}; worst over best {factor:.2f}", factor


def print_growth(figures, name, counts):
    """How much the number of workers matters."""
    for peer in sorted({row["peer"] for row in figures.rows if row["workload"] == name}):
        line, _ = growth_line(peer, {workers: figures.get(name, peer, workers) for workers in counts})
        if line:
            print(line)
