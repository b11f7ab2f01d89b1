"""The picture of a run's curves, or of several runs as mean and range. Each role has one colour in all panels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import TrainerError
from trainer.inspect.recorded import RecordedRun
from trainer.inspect.series import Series, band, number, series, smoothed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CODER, TESTER, BOTH, OTHER = "#2563b0", "#d1660a", "#2f855a", "#7a4fa3"
"""Colours of the coder, of the tester, of both together, and of a further curve beside them."""
PHASE_COLOURS = {
    "sampling": "#8fb8de",
    "tables": "#2f855a",
    "update_code": CODER,
    "update_test": TESTER,
    "update_joint": OTHER,
    "evaluation": "#c9b3e0",
    "checkpoint": "#8a8a8a",
    "sync": "#e3c04b",
    "other": "#d9d9d9",
}
GREY = "#555555"


@dataclass(frozen=True)
class Curve:
    """One line of a panel."""

    label: str
    colour: str
    of_steps: str | None = None
    """Name of the metric whose value at each step is drawn; None where only evaluations are drawn."""
    held_out: str | None = None
    """Name of the metric whose value at each evaluation is drawn; None where only steps are drawn."""
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its curves."""

    title: str
    unit: str
    curves: tuple[Curve, ...]
    share: bool = False
    """Whether values are shares, with an axis from 0 to 1."""


def panels(names: set[str]) -> list[Panel]:
    """The panels for runs that have metrics of these names."""
    stages = sorted({name.partition("/")[0] for name in names if name.endswith("/gradient_norm")})
    colours = {"code": CODER, "test": TESTER}
    further_colours = [OTHER, BOTH, GREY]

    def by_stage(what: str) -> tuple[Curve, ...]:
        words = {"code": "coder", "test": "tester"}
        return tuple(
            Curve(
                words.get(stage, stage),
                colours.get(stage) or further_colours[at % len(further_colours)],
                f"{stage}/{what}",
            )
            for at, stage in enumerate(stages)
        )

    def by_role(what: str) -> tuple[Curve, ...]:
        return Curve("coder", CODER, f"code/{what}"), Curve("tester", TESTER, f"test/{what}")

    return [
        Panel("Code accuracy", "share right", (Curve("code", CODER, "code/accuracy", "eval/code/accuracy"),), True),
        Panel("Test accuracy", "share right", (Curve("tests", TESTER, "test/p_u", "eval/test/accuracy"),), True),
        Panel("Best of n", "share right", (Curve("best of n", BOTH, "best_of_n", "eval/best_of_n"),), True),
        Panel(
            "Value of the tests",
            "probability",
            (
                Curve("mu", OTHER, "test/mu"),
                Curve("p_01: wrong code passes right test", TESTER, "test/p_01"),
                Curve("p_00: wrong code passes wrong test", GREY, "test/p_00"),
            ),
        ),
        Panel("Reward", "mean", by_role("reward")),
        Panel("Groups trained on", "share", by_role("groups_trained"), True),
        Panel("KL to the base model", "nats a token", by_stage("kl")),
        Panel("Entropy", "nats a token", by_stage("entropy")),
        Panel("Gradient norm", "before clipping", by_stage("gradient_norm")),
        Panel("Length", "tokens an answer", by_role("length")),
        Panel(
            "Not usable",
            "share of answers",
            (
                Curve("coder truncated", CODER, "code/truncated"),
                Curve("tester truncated", TESTER, "test/truncated"),
                Curve("coder not extracted", CODER, "code/unparsed", dashed=True),
                Curve("tester not extracted", TESTER, "test/unparsed", dashed=True),
            ),
        ),
    ]


def draw(runs: Sequence[RecordedRun]) -> Figure:
    """The picture of these runs. Raises TrainerError where matplotlib is missing, or nothing is recorded yet."""
    if not any(run.steps or run.evaluations for run in runs):
        raise TrainerError(f"{runs[0].path}: nothing to draw yet, no step is committed")
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise TrainerError("curves need matplotlib: pip install 'cure-agent[plots]'") from None
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(17, 11), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.08, h_pad=0.1, hspace=0.04, wspace=0.03)  # type: ignore[union-attr,call-arg]  # of the constrained layout
        axes = figure.subplots(3, 4)
        names = {name for run in runs for line in run.steps for name in line}
        for ax, panel in zip(axes.flat, panels(names), strict=False):
            _panel(ax, panel, runs)
        _phases(axes.flat[11], runs)
        for ax in axes[2]:
            ax.set_xlabel("step")
        figure.align_ylabels(axes)
        figure.suptitle(_title(runs), fontsize=14, x=0.012, ha="left", fontweight="bold")
    return figure


STYLE: Any = {
    "font.size": 10,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#999999",
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.labelcolor": "#444444",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e8e8e8",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "svg.fonttype": "none",
    "svg.hashsalt": "cure-agent",
}


def save(figure: Figure, file: Path) -> None:
    """Write the picture in the format of the file's suffix. Raises TrainerError where it cannot be written."""
    import matplotlib

    metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
    try:
        with matplotlib.rc_context(STYLE):
            figure.savefig(file, dpi=110, metadata=metadata)
    except (OSError, ValueError) as error:
        raise TrainerError(f"cannot write {file}: {getattr(error, 'strerror', None) or error}") from error


def _title(runs: Sequence[RecordedRun]) -> str:
    first = runs[0]
    steps = max(run.done for run in runs)
    models = ", ".join(dict.fromkeys(policy.model for run in runs for policy in run.config.policies.values()))
    if len(runs) == 1:
        return f"{first.path.resolve().name}: {models}, {steps} of {first.config.steps} steps, seed {first.config.seed}"
    seeds = sorted({run.config.seed for run in runs})
    words = f"seeds {', '.join(map(str, seeds))}" if len(seeds) == len(runs) else f"{len(seeds)} seeds"
    return f"{len(runs)} runs of {models}, {steps} steps, {words}: mean and range"


def _panel(ax: Axes, panel: Panel, runs: Sequence[RecordedRun]) -> None:
    drawn = False
    for curve in panel.curves:
        if curve.of_steps is not None:
            drawn |= _steps(ax, curve, [series(run.steps, curve.of_steps) for run in runs])
        if curve.held_out is not None:
            drawn |= _held_out(ax, curve, [series(run.evaluations, curve.held_out) for run in runs])
    ax.set_title(panel.title)
    ax.set_ylabel(panel.unit)
    if panel.share:
        ax.set_ylim(-0.02, 1.02)
    elif drawn:
        low, high = ax.get_ylim()
        ax.set_ylim(min(0.0, low) if low < 0 else 0.0, max(high, 1e-9) * 1.02)
    _limit_steps(ax, runs)
    if drawn:
        ax.legend(loc="best")
    else:
        _write_inside(ax, "not measured")


def _steps(ax: Axes, curve: Curve, runs: Sequence[Series]) -> bool:
    """Draw the smoothed curve over faint raw values; for several runs, the smoothed curves' mean over their range.

    False where there is nothing to draw.
    """
    known = [run for run in runs if run.known]
    if not known:
        return False
    label = f"{curve.label}, own samples" if curve.held_out else curve.label
    style = {"color": curve.colour, "linestyle": "--" if curve.dashed else "-", "linewidth": 2.0}
    alone = len(known[0].steps) == 1
    if len(known) == 1:
        raw, smooth = known[0], smoothed(known[0])
        ax.plot(raw.steps, raw.values, color=curve.colour, linewidth=0.9, alpha=0.3)
        ax.plot(smooth.steps, smooth.values, label=label, marker="o" if alone else None, **style)  # type: ignore[arg-type]
        return True
    together = band([smoothed(run) for run in known])
    ax.fill_between(together.steps, together.low, together.high, color=curve.colour, alpha=0.18, linewidth=0)
    ax.plot(together.steps, together.mean, label=label, marker="o" if alone else None, **style)  # type: ignore[arg-type]
    return True


def _held_out(ax: Axes, curve: Curve, runs: Sequence[Series]) -> bool:
    """Draw a dot for each evaluation, not smoothed; for several runs, at their mean and with a bar over their range.

    False where there is nothing to draw.
    """
    known = [run for run in runs if run.known]
    if not known:
        return False
    dots: dict[str, Any] = {
        "color": "#222222",
        "linestyle": ":",
        "linewidth": 1.4,
        "marker": "o",
        "markersize": 6,
        "markerfacecolor": curve.colour,
        "markeredgecolor": "white",
        "label": f"{curve.label}, held out",
        "zorder": 3,
    }
    if len(known) == 1:
        ax.plot(known[0].steps, known[0].values, **dots)
        return True
    together = band(known)
    reach = np.vstack([together.mean - together.low, together.high - together.mean])
    ax.errorbar(together.steps, together.mean, yerr=reach, capsize=3, elinewidth=1.2, **dots)
    return True


def _phases(ax: Axes, runs: Sequence[RecordedRun]) -> None:
    """Draw the seconds of each phase, stacked and smoothed; for several runs, their mean at the steps they all have."""
    # A step that was repeated from its recorded tables has no total time.
    timed = [{line["step"]: line for line in run.steps if "seconds/step" in line} for run in runs]
    steps = sorted(set.intersection(*map(set, timed)))
    names = {name.removeprefix("seconds/") for run in runs for line in run.steps for name in line if "seconds/" in name}
    ax.set_title("Time of a step")
    ax.set_ylabel("seconds")
    _limit_steps(ax, runs)
    if not steps:
        _write_inside(ax, "not measured")
        return
    rows = {}
    for name in sorted(names - {"step", "evaluation"}, key=_phase_order):
        seconds = np.array([[number(of_run[step].get(f"seconds/{name}")) for step in steps] for of_run in timed])
        mean = np.maximum(np.nan_to_num(seconds), 0.0).mean(axis=0)  # (steps,)
        rows[name] = smoothed(Series(np.array(steps, dtype=np.float64), mean)).values
    whole = sum(rows.values()).mean()  # type: ignore[union-attr]  # there is a phase where there is a step
    small = [name for name, row in rows.items() if row.mean() < 0.01 * whole or name == "other"]
    rows["other"] = np.sum([np.zeros(len(steps)), *(rows.pop(name) for name in small)], axis=0)
    ax.stackplot(
        steps,
        list(rows.values()),
        labels=[name.replace("_", " ").replace("update", "update on") for name in rows],
        colors=[PHASE_COLOURS.get(name, "#bbbbbb") for name in rows],
        edgecolor="white",
        linewidth=0.3,
    )
    ax.set_ylim(0, float(np.max(sum(rows.values()))) * 1.35 or 1.0)
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="upper right", ncols=2)


def _phase_order(phase: str) -> int:
    known = list(PHASE_COLOURS)
    return known.index(phase) if phase in known else len(known)


def _limit_steps(ax: Axes, runs: Sequence[RecordedRun]) -> None:
    from matplotlib.ticker import MaxNLocator

    last = max(run.done for run in runs)
    ax.set_xlim(0, max(1, last) * 1.02)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def _write_inside(ax: Axes, words: str) -> None:
    ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center", color="#999999")
    ax.grid(visible=False)
