"""The CURE paper's table for the data set, with the numbers of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.report.material.material import Material
from evaluator.report.material.published import PublishedRow


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """The CURE paper's numbers for a data set and the numbers of the run, in %."""

    dataset: str
    source: str
    what: str
    """A sentence on what the numbers of a row are."""
    rows: tuple[PublishedRow, ...]
    of_run: tuple[tuple[str, str, str, str], ...]
    """Rows of the run, by the standard and by the release metrics: label, unit tests, code, best of n."""
    same: str
    """The published model that the run evaluates; empty where there is no such model."""
    notes: tuple[str, ...]


def paper_table(material: Material) -> PaperTable | None:
    """The CURE paper's numbers beside those of the run; None for a set that is not in the paper."""
    known = material.published
    if known is None:
        return None
    values, release = material.metrics["standard"]["values"], material.metrics["release"]["printed"]
    points = [point for point in material.metrics["standard"]["best_of_n"] if point["selector"] == "max-pass"]
    best = points[-1] if points and points[-1]["m"] > 0 else None
    bon = release["bon"][-1] if release["bon"] else None
    of_run = (
        (
            "this run",
            _percent(values.get("ut_accuracy_reference_extracted")),
            _percent(values.get("code_accuracy_macro")),
            "–" if best is None else _percent(best["best"]),
        ),
        (
            "this run, release metrics",
            _percent({"value": release["ut_acc"]}),
            _percent({"value": release["code_acc"]}),
            "–" if bon is None else _percent({"value": bon["acc"]}),
        ),
    )
    n, m = material.settings.sample_counts
    notes = ["The set was recognised by its name alone; its SHA-256 is above."]
    if len(material.tables) != known.problems:
        notes.append(f"Problems of this run: {len(material.tables)}; of the published file: {known.problems}.")
    if (n, m) != (16, 16):
        notes.append(f"This run has {n} programs and {m} tests a problem, the paper 16 and 16.")
    notes.append(
        "The paper judges unit tests by reference code; the release's metrics judge them, as an estimate, by right "
        "programs."
    )
    models = {role.model for role in material.settings.roles.values()}
    same = next((row.model for row in known.rows if len(models) == 1 and _names(next(iter(models)), row.model)), "")
    return PaperTable(
        dataset=known.dataset,
        source=known.source,
        what=known.what,
        rows=known.rows,
        of_run=of_run,
        same=same,
        notes=tuple(notes),
    )


def _names(spec: str, model: str) -> bool:
    """Whether the model spec names this model."""
    return spec.lower().rsplit("/", 1)[-1].rsplit(":", 1)[-1] == model.lower()


def _percent(scored: Mapping[str, Any] | None) -> str:
    if scored is None or scored["value"] is None:
        return "–"
    interval = scored.get("interval") or {}
    spread = f" [{100 * interval['low']:.1f}, {100 * interval['high']:.1f}]" if interval.get("low") is not None else ""
    return f"{100 * scored['value']:.1f}{spread}"
