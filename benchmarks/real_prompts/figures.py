"""Figures of finished runs, and their paired differences, as Markdown tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cure.json_lines import read_lines
from cure.metrics.best_of_n import Sampling
from cure.metrics.case import ScoredCase
from cure.metrics.comparison import compare
from cure.metrics.standard import Score, ScoreOptions, score
from evaluator.run.directory import RunDirectory
from evaluator.run.settings import RUN
from evaluator.run.stored import read_tables
from evaluator.run.verdicts import case_of

_ALL = 1_000_000
_EXAMPLES_FIRST = ScoreOptions(sampling=Sampling(public_first=True))

_VALUES: Mapping[str, str] = {
    "code accuracy": "code_accuracy_macro",
    "programs not extracted": "program_extraction_failures",
    "valid tests": "ut_accuracy_reference_requested",
    "valid and new": "ut_new_reference_requested",
    "public examples again": "repeated_examples",
    "distinct inputs": "distinct_inputs",
    "tests not extracted": "test_extraction_failures",
}
_PAIRED = (*_VALUES.values(), "any right")


@dataclass(frozen=True)
class Figures:
    """The figures of one run as text by label, and its problems with their verdicts, for comparisons."""

    name: str
    case: ScoredCase
    cells: Mapping[str, str]


def figures_of(run: RunDirectory) -> Figures:
    """The figures of a finished run; those without data are left out."""
    settings = run.read_settings()
    tables = list(read_tables(run))
    # Judge by every hidden test; with its stored options a case uses only the first few, as the released metrics do.
    stored = case_of(run)
    case = replace(stored, options=replace(stored.options, max_test=_ALL))
    plain, examples = score(case.problems), score(case.problems, _EXAMPLES_FIRST)
    cells = {"problems": str(len(tables))}
    for label, name in _VALUES.items():
        value = plain.values[name]
        if value.value is not None:
            count = "" if label == "code accuracy" else f" ({value.numerator:.0f} of {value.denominator:.0f})"
            cells[label] = f"{value.value:.3f}{count}"
    reasons = Counter(reason for table in tables for reason in table.test_failures.values())
    if reasons:
        cells["tests not extracted, by reason"] = ", ".join(
            f"{count} {reason}" for reason, count in reasons.most_common()
        )
    n, m = settings.sample_counts
    if n > 1:
        cells |= _choices(plain, examples, n, m)
    for role in settings.roles:
        lengths = [record["completion_tokens"] for record in read_lines(run.samples(role))]
        cut = sum(record["finish"] == "length" for record in read_lines(run.samples(role)))
        cells[f"tokens an answer, {role}"] = f"{sum(lengths) / len(lengths):.0f}, {cut} cut"
    sources = [
        Path(role.model.removeprefix(RUN)).name for role in settings.roles.values() if role.model.startswith(RUN)
    ]
    return Figures(" by ".join(sources) or run.path.name, case, cells)


def _choices(plain: Score, examples: Score, n: int, m: int) -> dict[str, str]:
    """Best-of-n by tests alone, by examples alone, and by examples, tests and agreement; chance that any is right."""
    by_tests = {(point.selector, point.n, point.m): point for point in plain.best_of_n}
    by_examples = {(point.selector, point.n, point.m): point for point in examples.best_of_n}
    right = by_tests["max-pass", n, 0].oracle
    found = {"any right": f"{right:.3f}"} if right is not None else {}
    wanted = {f"best of {n}, examples alone": by_examples["max-pass", n, 0]}
    if m:
        wanted |= {
            f"best of {n} by {m} tests alone": by_tests["max-pass", n, m],
            f"best of {n}, examples, {m} tests, agreement": by_examples["agreement", n, m],
        }
    values = {label: point.best.value for label, point in wanted.items()}
    return found | {label: f"{value:.3f}" for label, value in values.items() if value is not None}


def table(runs: Sequence[Figures]) -> str:
    """A Markdown table with a column for each run."""
    labels = dict.fromkeys(label for run in runs for label in run.cells)
    lines = [f"| | {' | '.join(run.name for run in runs)} |", "|---" * (len(runs) + 1) + "|"]
    lines += [f"| {label} | {' | '.join(run.cells.get(label, '–') for run in runs)} |" for label in labels]
    return "\n".join(lines)


def differences(a: Figures, b: Figures) -> str:
    """A Markdown table of the paired differences B - A, with 95 % intervals over problems."""
    lines = [f"| {b.name} - {a.name} | A | B | difference | 95 % |", "|---|---|---|---|---|"]
    for options, kept in ((ScoreOptions(), _PAIRED), (_EXAMPLES_FIRST, ())):
        found = compare(a.case, b.case, options)
        first = options is _EXAMPLES_FIRST
        for row in found.differences:
            chosen = row.name in kept or (row.name.startswith("best_of_") and row.headline)
            if chosen and row.a is not None and row.b is not None and row.difference is not None:
                spread = "–" if row.low is None or row.high is None else f"{row.low:+.3f} to {row.high:+.3f}"
                words = f"{row.name}, examples first" if first else row.name
                lines.append(f"| {words} | {row.a:.3f} | {row.b:.3f} | {row.difference:+.3f} | {spread} |")
    return "\n".join(lines)
