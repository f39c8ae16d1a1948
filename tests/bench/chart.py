"""The figures as a picture: an SVG with one group of bars for each workload, each bar a peer's ratio to weft.

Knows nothing of how the figures came about. The axis is logarithmic, for ratios range from 0.1 to 1000; a bar to the
right of the line in the middle is a peer that takes longer than weft (or moves less, in W11).
"""

import html
import math

from table import number

LEFT, WIDTH, BAR, GAP = 150, 560, 15, 26
LOW, HIGH = 0.1, 1000
COLOURS = {"weft": "#0b6e4f", "faster": "#c8553d", "slower": "#8da9c4"}


def across(ratio):
    """The position of a ratio, in pixels."""
    held = min(max(ratio, LOW), HIGH)
    return LEFT + WIDTH * math.log(held / LOW) / math.log(HIGH / LOW)


def bar(y, peer, ratio, label, is_weft):
    colour = COLOURS["weft" if is_weft else "faster" if ratio < 1 else "slower"]
    middle, end = across(1), across(ratio)
    start, length = min(middle, end), max(abs(end - middle), 2)
    name = html.escape(peer)
    return (f'<text x="{LEFT - 8}" y="{y + 11}" text-anchor="end">{name}</text>'
            f'<rect x="{start:.1f}" y="{y}" width="{length:.1f}" height="{BAR - 3}" fill="{colour}"/>'
            f'<text x="{max(middle, end) + 5:.1f}" y="{y + 11}" fill="#333">{html.escape(label)}</text>')


def draw(figures, workloads, workers):
    """The text of the picture, or None when weft was not measured."""
    parts = []
    y = 64
    for workload in workloads:
        rows = figures.sorted_rows(workload.name, workers, workload.higher_is_better)
        own = [row["median"] for row in rows if row["peer"].startswith("weft")]
        if not own or len(rows) < 2:
            continue
        best = max(own) if workload.higher_is_better else min(own)
        parts.append(f'<text x="10" y="{y + 10}" font-weight="bold">{html.escape(workload.name + ": " + workload.text)}'
                     f' ({html.escape(workload.unit)})</text>')
        y += 18
        for row in rows:
            over, under = (best, row["median"]) if workload.higher_is_better else (row["median"], best)
            ratio = over / under if over > 0 and under > 0 else 1
            label = number(row["median"]) + ("" if row["median"] == best else f"  ({ratio:.2f} x)")
            parts.append(bar(y, row["peer"], ratio, label, row["peer"].startswith("weft")))
            y += BAR
        y += GAP - BAR
    if not parts:
        return None
    grid = "".join(
        f'<line x1="{across(tick):.1f}" x2="{across(tick):.1f}" y1="50" y2="{y}" stroke="{"#888" if tick == 1 else "#ddd"}"/>'
        f'<text x="{across(tick):.1f}" y="44" text-anchor="middle" fill="#555">{tick:g}</text>'
        for tick in (0.1, 1, 10, 100, 1000))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 130}" height="{y + 10}" '
            'font-family="sans-serif" font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n'
            f'<text x="10" y="20" font-size="15" font-weight="bold">weft and its peers, {workers} workers: '
            'cost as a multiple of weft\'s, shorter is better</text>\n'
            f"{grid}\n" + "\n".join(parts) + "\n</svg>\n")
