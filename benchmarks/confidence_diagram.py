"""Draws the reliability diagram of docs/selection.md from the figures that `confidence_calibration --json` writes.

python -m benchmarks.confidence_diagram FIGURES.json docs/confidence.svg
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from math import sqrt
from pathlib import Path
from typing import Any

SIDE, LEFT, TOP, GAP, BELOW = 260, 56, 46, 84, 58
"""Pixels: side of a panel, margins, distance between panels."""
LARGEST = 17
"""Radius in pixels of a point that stands for at least half of the answers."""


def diagram(panels: Sequence[tuple[str, dict[str, Any]]]) -> str:
    """An SVG with a panel for each record: share of right answers by mean stated probability, one point per bin."""
    width = LEFT + len(panels) * SIDE + (len(panels) - 1) * GAP + 24
    height = TOP + SIDE + BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12" fill="#24292f">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]
    for number, (name, record) in enumerate(panels):
        parts += _panel(LEFT + number * (SIDE + GAP), name, record)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(x: float, name: str, record: dict[str, Any]) -> Iterator[str]:
    def at(stated: float, right: float) -> tuple[float, float]:
        return round(x + stated * SIDE, 1), round(TOP + (1 - right) * SIDE, 1)

    figures = record["figures"]
    yield f'<text x="{x}" y="{TOP - 26}" font-weight="bold">{name}</text>'
    detail = f"{figures['problems']:.0f} problems, ECE {figures['ece']:.3f}, area {figures['area']:.3f}"
    yield f'<text x="{x}" y="{TOP - 10}">{detail}</text>'
    yield f'<rect x="{x}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#8c959f"/>'
    for tenth in range(0, 11, 2):
        place, label = tenth / 10, f"{tenth / 10:.1f}"
        across, _ = at(place, 0)
        _, down = at(0, place)
        yield f'<path d="M{across} {TOP}V{TOP + SIDE}M{x} {down}H{x + SIDE}" stroke="#d0d7de" stroke-width="0.6"/>'
        yield f'<text x="{across}" y="{TOP + SIDE + 16}" text-anchor="middle">{label}</text>'
        yield f'<text x="{x - 8}" y="{down + 4}" text-anchor="end">{label}</text>'
    yield f'<path d="M{x} {TOP + SIDE}L{x + SIDE} {TOP}" stroke="#8c959f" stroke-dasharray="5 4"/>'
    points = [at(each["stated"], each["right"]) for each in record["bins"]]
    line = "L".join(f"{across} {down}" for across, down in points)
    yield f'<path d="M{line}" fill="none" stroke="#0969da" stroke-width="1.5"/>'
    for (across, down), each in zip(points, record["bins"], strict=True):
        radius = max(2.0, LARGEST * sqrt(min(1.0, 2 * each["share"])))
        look = 'fill="#0969da" fill-opacity="0.45" stroke="#0969da"'
        yield f'<circle cx="{across}" cy="{down}" r="{radius:.1f}" {look}/>'
    middle = x + SIDE / 2
    yield f'<text x="{middle}" y="{TOP + SIDE + 38}" text-anchor="middle">stated probability of being right</text>'
    turned = f'transform="rotate(-90 {x - 40} {TOP + SIDE / 2})"'
    yield f'<text x="{x - 40}" y="{TOP + SIDE / 2}" text-anchor="middle" {turned}>share of right answers</text>'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("figures", type=Path)
    parser.add_argument("svg", type=Path)
    options = parser.parse_args()
    options.svg.write_text(diagram(list(json.loads(options.figures.read_text()).items())))


if __name__ == "__main__":
    main()
