"""What is in files of tables, and how often some ways to choose a program are right, as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean

from benchmarks.tables.stored import LabelledTable, load, models_of, part_of
from cure.metrics.intervals import Bootstrap, intervals
from cure.metrics.value import Measure, macro
from cure.select import rank_by_agreement, rank_by_max_pass
from cure.select.agreement import output_agreement
from cure.select.ranking import Ranking, sort_by_score
from cure.table import ProgramTable, clusters

CHOICES: Mapping[str, Callable[[LabelledTable], float]] = {
    "single sample": lambda it: sum(it.right.values()) / (len(it.right) + it.programs_not_extracted),
    "max-pass (CURE)": lambda it: chance(rank_by_max_pass(_generated(it)), it.right),
    "examples, tests": lambda it: chance(_first_two(rank_by_agreement(it.table)), it.right),
    "examples, tests, agreement": lambda it: chance(rank_by_agreement(it.table), it.right),
    "the same, agreement on hidden inputs too": lambda it: chance(_on_hidden_inputs(it), it.right),
    "any right": lambda it: float(any(it.right.values())),
}
"""Chance of a right choice by each way, for one problem. Tied programs are equally likely to be chosen."""


def summaries(files: Sequence[Path]) -> str:
    """Two Markdown tables with a row for each file: what is in it, and the shares of problems with a right choice.

    The second has 95 % intervals over problems, and leaves out problems without programs.
    """
    loaded = {" + ".join(models_of(file)): load(file) for file in files}
    counts = {name: _counts(tables) for name, tables in loaded.items()}
    shares = {name: _shares(tables) for name, tables in loaded.items()}
    return f"{_markdown('coder + tester', counts)}\n\n{_markdown('coder + tester', shares)}"


def chance(ranking: Ranking, right: Mapping[str, bool]) -> float:
    """The share of right programs among those with the best score; 0 without programs."""
    if not ranking.ranked:
        return 0.0
    best = ranking.ranked[0].score
    return fmean(right[ranked.candidate] for ranked in ranking.ranked if ranked.score == best)


def _generated(labelled: LabelledTable) -> ProgramTable:
    """The table without public examples, which the rule of CURE does not use."""
    table = labelled.table
    return part_of(table, table.candidates, [name for name, test in table.tests.items() if not test.trusted])


def _first_two(ranking: Ranking) -> Ranking:
    """The ranking by passed trusted tests and passed generated tests, without agreement."""
    scores = {ranked.candidate: ranked.score[:2] for ranked in ranking.ranked}
    return sort_by_score(ranking.selector, ranking.score_names[:2], scores)


def _on_hidden_inputs(labelled: LabelledTable) -> Ranking:
    """The ranking of the selector `agreement`, with agreement over the inputs of hidden tests as well."""
    agreement = output_agreement(labelled.with_inputs())
    ranking = rank_by_agreement(labelled.table)
    scores = {ranked.candidate: (*ranked.score[:2], agreement[ranked.candidate]) for ranked in ranking.ranked}
    return sort_by_score(ranking.selector, ranking.score_names, scores)


def _counts(tables: Sequence[LabelledTable]) -> dict[str, str]:
    """What is in a file."""
    samples = sum(len(it.right) + it.programs_not_extracted for it in tables)
    tests = [valid for it in tables for valid in it.valid.values()]
    return {
        "problems": str(len(tables)),
        "programs": str(samples),
        "of them not extracted": str(sum(it.programs_not_extracted for it in tables)),
        "right": f"{sum(sum(it.right.values()) for it in tables) / samples:.3f}",
        "tests": str(sum(len(it.valid) + it.tests_not_extracted for it in tables)),
        "of them not extracted ": str(sum(it.tests_not_extracted for it in tables)),
        "right ": f"{fmean(tests):.3f}" if tests else "–",
        "behaviours of a problem": f"{fmean(len(clusters(it.table)) for it in tables):.1f}",
        "with hidden inputs": f"{fmean(len(clusters(it.with_inputs())) for it in tables):.1f}",
    }


def _shares(tables: Iterable[LabelledTable]) -> dict[str, str]:
    """Shares of problems with a right choice, with their intervals."""
    with_programs = [it for it in tables if it.right]
    measures: list[Measure] = [macro([way(it) for it in with_programs], "no programs") for way in CHOICES.values()]
    found = {"problems": str(len(with_programs))}
    for name, measure, spread in zip(CHOICES, measures, intervals(measures, Bootstrap()), strict=True):
        value = measure.value().value
        ends = "" if spread.low is None or spread.high is None else f" ({spread.low:.2f}–{spread.high:.2f})"
        found[name] = "–" if value is None else f"{value:.3f}{ends}"
    return found


def _markdown(first: str, rows: Mapping[str, Mapping[str, str]]) -> str:
    heads = [first, *next(iter(rows.values()), {})]
    lines = ["| " + " | ".join(head.strip() for head in heads) + " |", "|---" * len(heads) + "|"]
    lines += ["| " + " | ".join([name, *cells.values()]) + " |" for name, cells in rows.items()]
    return "\n".join(lines)
