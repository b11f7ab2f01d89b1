"""Computes the metrics of a run from its stored tables and samples: standard and release metrics, cost, verdicts.

Release metrics are the numbers that CURE's released code prints (`cure.metrics.release`).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from cure.metrics import release, standard
from cure.metrics.best_of_n import best_of_n
from cure.metrics.groups import by_group
from cure.metrics.verdicts import ProblemVerdicts
from engines import write_atomically
from evaluator.run.cost import money
from evaluator.run.directory import RunDirectory
from evaluator.run.missing import coverage_of
from evaluator.run.prices import Prices
from evaluator.run.settings import Settings
from evaluator.run.stored import read_tables
from evaluator.run.tables import NOT_RUN, PASSED, UNKNOWN, EvaluatedTable
from evaluator.run.verdicts import verdicts_of

Metrics = dict[str, Any]

WORDS = {
    "P": "right",
    "W": "wrong answer",
    "C": "crash",
    "T": "timeout",
    "M": "memory",
    "O": "output_limit",
    "N": "not_run",
    "S": "sandbox_error",
}
"""The verdict in words of each letter of a table's cells."""

LEVELS = ("easy", "medium", "hard")
"""Difficulties in the order shown; groups with other names come after these."""
_MONTH = re.compile(r"\d{4}-\d{2}")


def summarise(directory: RunDirectory, prices: Prices | None = None) -> Metrics:
    """All metrics of the run, as JSON; a value without data is null, with a reason.

    Raises ProblemError where the directory holds no run.

    Metrics are over the answers that the run has; `missing` counts the others. In an incomplete run, best-of-n and the
    release metrics use only problems with an answer of each role, and leave out programs and tests without a
    verdict. The tables are read one by one, and only their verdicts stay in memory.
    """
    settings = directory.read_settings()
    counted = _Counts()
    tables = read_tables(directory)
    problems = [verdicts_of(table) for table in counted.over(tables)]
    coverage = coverage_of(directory, settings, tables)
    answered = problems
    if coverage.missing:
        decided = (verdicts_of(table.without_lost_cells()) for table in tables)
        answered = [problem for problem in decided if _has_roles(problem, settings)]
    samples = {role: counts.totals for role, counts in coverage.samples.items()}
    pairs = _largest_pair(settings, answered, bool(coverage.missing))
    chosen = standard.ScoreOptions(pairs=pairs)
    scored = asdict(standard.score(problems, chosen))
    if coverage.missing:
        scored["best_of_n"] = asdict(standard.score(answered, chosen))["best_of_n"]
    return {
        "settings": settings.to_record(),
        "problems_of_run": len(coverage.problems),
        "problems_evaluated": len(problems),
        "missing": coverage.record(),
        "reference": counted.reference(),
        "standard": scored,
        "groups": _groups(problems, counted, chosen),
        "release": _release(answered, settings, pairs, bool(coverage.missing)),
        "verdicts": counted.verdicts(),
        "given_up": counted.given_up(settings.give_up_after),
        "samples": samples,
        "cost": money(settings, samples, prices),
        "limits": {"comparison": dict(counted.comparison), "longest_s": counted.longest_s},
        "executions": counted.executions,
    }


def _has_roles(problem: ProblemVerdicts, settings: Settings) -> bool:
    """Whether the problem has an answer of each role that takes part; otherwise tests cannot choose among programs."""
    return (problem.programs > 0 or settings.coder is None) and (problem.tests > 0 or settings.tester is None)


def _largest_pair(
    settings: Settings, problems: Sequence[ProblemVerdicts], incomplete: bool
) -> tuple[tuple[int, int], ...]:
    """The pair of numbers of programs and tests asked for; no pair where no programs were asked for.

    In an incomplete run the numbers are at most the largest that a problem has.
    """
    n, m = settings.sample_counts
    if incomplete:
        n = min(n, max((problem.programs for problem in problems), default=0))
        m = min(m, max((problem.tests for problem in problems), default=0))
    return ((n, m),) if n else ()


def write_summary(directory: RunDirectory, metrics: Metrics) -> None:
    """Write metrics.json and problems.csv."""
    write_atomically(directory.metrics, json.dumps(metrics, indent=1) + "\n")
    text = io.StringIO()
    rows = [problem_row(table) for table in read_tables(directory)]
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    write_atomically(directory.path / "problems.csv", text.getvalue())


def _release(
    problems: Sequence[ProblemVerdicts], settings: Settings, largest: tuple[tuple[int, int], ...], incomplete: bool
) -> Metrics:
    pairs = tuple((size, size) for size in (4, 16) if any(size <= n and size <= m for n, m in largest))
    pairs = pairs or tuple((n, m) for n, m in largest if m)
    if incomplete and not problems:
        # The released code prints 0 where there is no data, which would look like a result.
        reason = "no problem has an answer of each role"
        return asdict(release.ReleaseScore(release.Printed(), release.Counts(), reason=reason))
    asked = release.ReleaseOptions(pairs, single_eval=settings.tester is None, max_test=settings.max_test)
    return asdict(release.score(problems, asked))


def program_verdict(table: EvaluatedTable, row: int) -> str:
    """The verdict of program `row` on the hidden tests: `right`, the first failure, or why there is no verdict.

    `sandbox_error` is the verdict of a program that fails no test, but lacks the outcome of some.
    """
    cells = table.cells[row]
    if not cells:
        return "not extracted"
    hidden = _hidden(table, cells)
    failed = next((letter for letter in hidden if letter not in (PASSED, UNKNOWN)), None)
    if failed is not None:
        return WORDS[failed]
    if UNKNOWN in hidden:
        return WORDS[UNKNOWN]
    return WORDS[PASSED] if hidden else "no hidden tests"


def _hidden(table: EvaluatedTable, cells: str) -> str:
    """The letters of the hidden tests in a row of cells."""
    return "".join(cells[at] for at, column in enumerate(table.columns) if column.suite == "hidden")


@dataclass(kw_only=True)
class _Counts:
    """Counts over all tables, added up while the tables are read."""

    references: int = 0
    """Reference solutions with a verdict: all hidden tests passed, or one failed."""
    undecided_references: int = 0
    """Reference solutions that fail no test, but lack the outcome of some."""
    failing: list[str] = field(default_factory=list)
    programs: Counter[str] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)
    programs_not_extracted: Counter[str] = field(default_factory=Counter)
    tests_not_extracted: Counter[str] = field(default_factory=Counter)
    programs_given_up: int = 0
    comparison: Counter[str] = field(default_factory=Counter)
    longest_s: float | None = None
    executions: int = 0
    difficulties: list[str] = field(default_factory=list)
    """The difficulty of each problem; an empty text where the set names none."""
    months: list[str] = field(default_factory=list)
    """The month of each problem, YYYY-MM; an empty text where unknown."""

    def over(self, tables: Iterable[EvaluatedTable]) -> Iterator[EvaluatedTable]:
        """These tables, each counted as it is yielded."""
        for table in tables:
            self._add(table)
            yield table

    def _add(self, table: EvaluatedTable) -> None:
        if table.reference is not None:
            letters = _hidden(table, table.reference)
            fails = bool(set(letters) - {PASSED, UNKNOWN})
            self.failing += [table.name] if fails else []
            self.references += fails or UNKNOWN not in letters
            self.undecided_references += not fails and UNKNOWN in letters
        self.programs.update(program_verdict(table, row) for row in range(len(table.cells)))
        self.cells.update("".join(table.cells))
        self.programs_not_extracted.update(reason for reason in table.program_failures if reason)
        self.tests_not_extracted.update(table.test_failures.values())
        self.programs_given_up += sum(NOT_RUN in row for row in table.cells)
        self.comparison[table.comparison] += 1
        self.longest_s = max(self.longest_s or 0.0, table.limit_s)
        self.executions += table.executions
        self.difficulties.append(table.difficulty)
        self.months.append(table.date[:7] if _MONTH.match(table.date) else "")

    def reference(self) -> Metrics:
        """The share of reference solutions that pass all hidden tests, and the problems of those that fail."""
        rate = (self.references - len(self.failing)) / self.references if self.references else None
        no_rate = "the sandbox failed on them" if self.undecided_references else "no problem has a reference solution"
        reason = "" if self.references else no_rate
        return {"pass_rate": rate, "problems": self.references, "failing": self.failing, "reason": reason}

    def verdicts(self) -> Metrics:
        """Numbers of programs and cells by verdict, and of answers not extracted by reason."""
        return {
            "programs": dict(self.programs.most_common()),
            "cells": {WORDS[letter]: count for letter, count in self.cells.most_common()},
            "programs_not_extracted": dict(self.programs_not_extracted.most_common(20)),
            "tests_not_extracted": dict(self.tests_not_extracted.most_common(20)),
        }

    def given_up(self, after: int | None) -> Metrics:
        """Counts of programs given up after time-outs, and of their cells not run, which count as not passed."""
        cells, total = self.cells[NOT_RUN], self.cells.total()
        share = cells / total if total else None
        reason = "" if total else "no program was run"
        return {"after": after, "programs": self.programs_given_up, "cells": cells, "of_cells": total,
                "share": share, "reason": reason}  # fmt: skip


def _groups(problems: Sequence[ProblemVerdicts], counted: _Counts, chosen: standard.ScoreOptions) -> Metrics:
    """Accuracies by difficulty and by month, where the set names them."""
    groups = {}
    for kind, names in (("difficulty", counted.difficulties), ("month", counted.months)):
        if any(names):
            scored = by_group(problems, names, chosen)
            groups[kind] = {name: {"problems": names.count(name), "values": {k: asdict(v) for k, v in values.items()}}
                            for name, values in sorted(scored.items(), key=_place)}  # fmt: skip
    return groups


def _place(group: tuple[str, object]) -> tuple[int, float, str]:
    """The sort key of a group: known levels in order, then numbers by size, then other names."""
    name = group[0].lower()
    if name in LEVELS:
        return LEVELS.index(name), 0.0, name
    return (len(LEVELS), float(name), name) if name.isdecimal() else (len(LEVELS) + 1, 0.0, name)


def problem_row(table: EvaluatedTable) -> dict[str, Any]:
    """The row of problems.csv for one problem."""
    generated = table.passes("generated")
    verdicts = [program_verdict(table, row) for row in range(len(table.cells))]
    right = np.array([verdict == WORDS[PASSED] for verdict in verdicts], dtype=np.bool_)
    decided = np.array([verdict != WORDS[UNKNOWN] for verdict in verdicts], dtype=np.bool_)
    best = best_of_n(right[decided], generated[decided])
    truth = [
        table.reference[at] == PASSED
        for at, column in enumerate(table.columns)
        if table.reference is not None and column.suite == "generated"
    ]
    return {
        "problem": table.name,
        "programs": len(table.cells),
        "right": int(right.sum()),
        "tests_requested": table.requested_tests,
        "tests_extracted": generated.shape[1],
        "tests_right": sum(truth) if table.reference is not None else "",
        "best_of_n": "" if best is None else round(best, 4),
        "slowest_cpu_s": max(table.cpu_s, default=0.0),
        "limit_s": table.limit_s,
        "executions": table.executions,
    }
