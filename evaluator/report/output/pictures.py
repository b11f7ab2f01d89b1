"""Draws pictures of a run's numbers, in the colours and style of the trainer's curves."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evaluator.report.content.measures import by_selector, on_whole_grid
from evaluator.report.material.material import Material

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

CODER, TESTER, BOTH, OTHER = "#2563b0", "#d1660a", "#2f855a", "#7a4fa3"
"""Colours of the coder, the tester, both together, and anything else."""
STEPS = ("#9bd3b4", "#63b88a", "#2f9e68", "#1f7a4d", "#14532d", "#0b3320")
"""Colours for growing n, from light to dark."""
INK, SOFT, EDGE, GRID = "#222222", "#444444", "#999999", "#e8e8e8"
VERDICTS = {
    "right": "#2f9e68",
    "wrong answer": "#d64545",
    "crash": "#d98e04",
    "timeout": "#8a63d2",
    "memory": "#b84a9c",
    "output_limit": "#4a8fb8",
    "not_run": "#9a9a9a",
    "sandbox_error": "#7d7d7d",
    "not extracted": "#a8743f",
    "no hidden tests": "#b0b0b0",
}
STYLE: Any = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "text.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": EDGE,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.labelcolor": SOFT,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "cure-agent",
}
SIZE = (6.4, 3.7)
"""Width and height, in inches, of the pictures of best-of-n."""


@dataclass(frozen=True)
class Picture:
    """A picture in two formats."""

    name: str
    """Name of the files, without suffix."""
    words: str
    """Caption and alternative text."""
    section: str
    """Section of the report: `best of n`, `tester`, `verdicts` or `lengths`."""
    svg: str
    png: bytes


def pictures(material: Material) -> Iterator[Picture]:
    """The pictures that the run has data for. Raises ImportError without matplotlib."""
    import matplotlib
    import matplotlib.figure  # (here, so that ImportError comes before anything is drawn)

    for drawing in _drawings(material):
        with matplotlib.rc_context(STYLE):
            figure = matplotlib.figure.Figure(figsize=drawing.size, layout="constrained")
            drawing.draw(figure.subplots())
            yield Picture(drawing.name, drawing.words, drawing.section, *_rendered(figure))


def _rendered(figure: Figure) -> tuple[str, bytes]:
    svg, png = io.BytesIO(), io.BytesIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    figure.savefig(png, format="png", dpi=110, metadata={"Software": None})
    return svg.getvalue().decode(), png.getvalue()


@dataclass(frozen=True)
class _Drawing:
    """A picture to be drawn."""

    name: str
    section: str
    words: str
    draw: Callable[[Axes], None]
    size: tuple[float, float] = (6.4, 2.9)
    """Width and height in inches."""


def _drawings(material: Material) -> Iterator[_Drawing]:
    """The pictures for which the run has data."""
    yield from _best_of_n(material.metrics["standard"]["best_of_n"])
    values = material.metrics["standard"]["values"]
    if any(values.get(name, {}).get("value") is not None for name in ("p_01", "p_00")):
        words = "How often a wrong program passes a right test (p_01) and a wrong test (p_00), with 95 % intervals."
        yield _Drawing("precision", "tester", words, partial(_precision, values=values), (6.4, 2.4))
    for name, title in (("programs", "Programs on hidden tests"), ("cells", "All executions")):
        if counts := material.metrics["verdicts"][name]:
            draw = partial(_verdicts, title=title, counts=counts)
            size = (6.4, 1.1 + 0.36 * len(counts))
            yield _Drawing(f"verdicts-{name}", "verdicts", f"{title}, by verdict.", draw, size)
    if any(facts.has_hidden_tests and facts.programs for facts in material.problems):
        words = "Numbers of problems by their number of right programs."
        yield _Drawing("right-programs", "verdicts", words, partial(_right_programs, material=material))
    for role, colour in (("coder", CODER), ("tester", TESTER)):
        lengths = material.samples[role].lengths
        if lengths and max(lengths) > 0:
            draw = partial(_lengths, role=role, lengths=lengths, colour=colour)
            yield _Drawing(f"lengths-{role}", "lengths", f"Tokens of the {role}'s answers.", draw)


def _best_of_n(points: Sequence[Mapping[str, Any]]) -> Iterator[_Drawing]:
    """Curves over the number of tests, and a heat map over the numbers of programs and tests, for each selector that is
    drawn for every n and m (`on_whole_grid`) and has data.
    """
    for selector, found in by_selector(point for point in points if on_whole_grid(point["selector"])).items():
        known = [point for point in found if point["best"]["value"] is not None]
        if not any(point["m"] > 0 and point["n"] > 1 for point in known):
            continue
        slug = selector.replace(" ", "-")
        words = (
            f"Best of n by {selector}: share of problems whose chosen program is right, over tests m, a line for each "
            "n; 95 % interval of the largest n shaded. Dashed, the share with any right program among n; dotted, a "
            "random program."
        )
        curves = partial(_curves, selector=selector, points=known)
        yield _Drawing(f"best-of-n-{slug}", "best of n", words, curves, SIZE)
        words = f"Best of n by {selector}, for every number of programs n and of tests m."
        yield _Drawing(f"heat-{slug}", "best of n", words, partial(_heat, selector=selector, points=known), SIZE)


def _curves(ax: Axes, selector: str, points: Sequence[Mapping[str, Any]]) -> None:
    ms = sorted({point["m"] for point in points if point["m"] > 0})
    ns = sorted({point["n"] for point in points if point["n"] > 1})
    by_size = {(point["n"], point["m"]): point for point in points}
    colours = STEPS[-len(ns) :] if len(ns) > 4 else STEPS[:: 4 // max(1, len(ns))][: len(ns)]
    for n, colour in zip(ns, colours, strict=False):
        rows = [by_size[n, m]["best"] for m in ms]
        ax.plot(range(len(ms)), [row["value"] for row in rows], color=colour, marker="o", markersize=4.5,
                linewidth=2, label=f"n = {n}", zorder=3)  # fmt: skip
        oracle = by_size[n, ms[-1]]["oracle"]
        if oracle is not None:
            ax.axhline(oracle, color=colour, linestyle="--", linewidth=1, alpha=0.8)
    spread = [by_size[ns[-1], m]["best"]["interval"] for m in ms]
    if all(interval["low"] is not None for interval in spread):
        low, high = ([interval[end] for interval in spread] for end in ("low", "high"))
        ax.fill_between(range(len(ms)), low, high, color=colours[-1], alpha=0.1, linewidth=0)
    random = next((point["best"]["value"] for point in points if point["n"] == 1), None)
    if random is not None:
        ax.axhline(random, color=SOFT, linestyle=":", linewidth=1.4, label="random")
    ax.plot([], [], color=SOFT, linestyle="--", linewidth=1, label="any right")
    least, most = ax.get_ylim()
    if most - least < 0.1:
        middle = (least + most) / 2
        ax.set_ylim(middle - 0.1, middle + 0.1)
    ax.set_xticks(range(len(ms)), [str(m) for m in ms])
    ax.set_xlabel("tests m")
    ax.set_ylabel("share right")
    ax.set_title(f"Best of n by {selector}")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _heat(ax: Axes, selector: str, points: Sequence[Mapping[str, Any]]) -> None:
    ns, ms = (sorted({point[name] for point in points}) for name in ("n", "m"))
    values = np.full((len(ns), len(ms)), np.nan)
    for point in points:
        values[ns.index(point["n"]), ms.index(point["m"])] = point["best"]["value"]
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    # Paths instead of an image stay sharp, and do not depend on the machine.
    ax.pcolormesh(values, cmap="Greens", vmin=low - 0.25 * (high - low) - 1e-9, vmax=high + 1e-9, edgecolors="face")
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            dark = value > low + 0.55 * (high - low) and high > low
            colour = "#ffffff" if dark else "#111111"
            ax.text(column + 0.5, row + 0.5, f"{value:.3f}", ha="center", va="center", color=colour, fontsize=9)
    ax.set_xticks(np.arange(len(ms)) + 0.5, [str(m) for m in ms])
    ax.set_yticks(np.arange(len(ns)) + 0.5, [str(n) for n in ns])
    ax.tick_params(length=0)
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("tests m")
    ax.set_ylabel("programs n")
    ax.set_title(f"Best of n by {selector}")


def _precision(ax: Axes, values: Mapping[str, Any]) -> None:
    names = {"p_01": "p_01: wrong program\npasses right test", "p_00": "p_00: wrong program\npasses wrong test"}
    for at, name in enumerate(names):
        scored = values[name]
        value, interval = scored["value"], scored["interval"]
        if value is None:
            ax.text(0.01, at, f"no value: {scored['reason']}", va="center", color=SOFT, fontsize=8, wrap=True)
            continue
        ax.barh(at, value, height=0.55, color=TESTER if name == "p_01" else EDGE)
        end = value
        if interval["low"] is not None:
            reach = [[value - interval["low"]], [interval["high"] - value]]
            ax.errorbar(value, at, xerr=np.maximum(reach, 0), color=INK, capsize=3, linewidth=1.2)
            end = max(end, interval["high"])
        ax.text(end + 0.015, at, f"{value:.3f}", va="center")
    ax.set_yticks(range(len(names)), list(names.values()))
    ax.invert_yaxis()
    ax.set_xlim(0, 1.0)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("share of pairs")


def _verdicts(ax: Axes, title: str, counts: Mapping[str, int]) -> None:
    order = [name for name in VERDICTS if name in counts] + sorted(set(counts) - set(VERDICTS))
    total = sum(counts.values())
    for at, name in enumerate(order):
        ax.barh(at, counts[name], height=0.66, color=VERDICTS.get(name, EDGE))
        ax.text(counts[name] + 0.01 * max(counts.values()), at, f"{counts[name]:,}  ({counts[name] / total:.1%})",
                va="center", fontsize=9)  # fmt: skip
    ax.set_yticks(range(len(order)), [name.replace("_", " ") for name in order])
    ax.invert_yaxis()
    ax.set_xlim(0, max(counts.values()) * 1.25)
    ax.grid(visible=False, axis="y")
    ax.set_title(title)


def _right_programs(ax: Axes, material: Material) -> None:
    counts = [facts.right for facts in material.problems if facts.has_hidden_tests and facts.programs]
    most = max((facts.programs for facts in material.problems), default=0)
    ax.bar(range(most + 1), np.bincount(counts, minlength=most + 1)[: most + 1], color=CODER, width=0.8)
    ax.set_xlabel("right programs of a problem")
    ax.set_ylabel("problems")
    ax.set_title("Right programs")
    ax.grid(visible=False, axis="x")
    _whole_numbers(ax.xaxis)
    _whole_numbers(ax.yaxis)


def _lengths(ax: Axes, role: str, lengths: Sequence[int], colour: str) -> None:
    counts, _, _ = ax.hist(lengths, bins=min(40, max(5, len(set(lengths)))), color=colour, histtype="stepfilled")
    ax.set_ylim(0, 1.2 * float(np.max(counts)))
    middle = float(np.median(lengths))
    ax.axvline(middle, color=INK, linestyle="--", linewidth=1.2, label=f"median {middle:,.0f}")
    ax.set_xlabel("tokens")
    ax.set_ylabel("answers")
    ax.set_title(f"Length of the {role}'s answers")
    ax.legend(loc="upper right")
    ax.grid(visible=False, axis="x")
    _whole_numbers(ax.yaxis)


def _whole_numbers(axis: Axis) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))
