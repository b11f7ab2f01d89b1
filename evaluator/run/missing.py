"""Counts what a run lacks: samples without an answer, and executions on which the sandbox failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cure.metrics.case import Missing
from cure.plain import visible
from engines import EngineError
from evaluator.run.directory import RunDirectory
from evaluator.run.sample_counts import SampleCounts, count_samples
from evaluator.run.settings import Role, Settings
from evaluator.run.tables import UNKNOWN, EvaluatedTable
from sandbox import SandboxError

_ROLES: tuple[Role, ...] = ("coder", "tester")


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What a run asked for, and what it has."""

    problems: Sequence[str]
    """Names of the problems of the run."""
    evaluated: int
    """Number of problems with a table."""
    samples: Mapping[str, SampleCounts]
    lost: Mapping[str, int]
    """Numbers of executions on which the sandbox failed, by reason."""
    missing: Mapping[str, Missing]
    """Counts of what is missing of each problem, by name; problems that lack nothing are left out."""

    @property
    def answered(self) -> int:
        """Number of answers of all roles together."""
        return sum(counts.answered.total() for counts in self.samples.values())

    @property
    def missing_samples(self) -> int:
        """Number of samples without an answer, of all roles together."""
        return sum(counts.missing for counts in self.samples.values())

    def record(self) -> dict[str, Any]:
        """The counts as they stand under `missing` in metrics.json."""
        return {
            "complete": not self.missing,
            "problems": {"asked": len(self.problems), "evaluated": self.evaluated},
            **{
                role: {"asked": counts.asked.total(), "answered": counts.answered.total(), "reasons": counts.reasons}
                for role, counts in self.samples.items()
            },
            "executions": {
                "lost": sum(of_problem.executions for of_problem in self.missing.values()),
                "tables_not_run": sum(of_problem.tables for of_problem in self.missing.values()),
                "reasons": dict(self.lost),
            },
        }


def nothing_answered(missing: Mapping[str, Any]) -> EngineError | None:
    """The error of a run that has no answer at all, though some were asked for; None for other runs.

    `missing` is from metrics.json.
    """
    asked, answered, reason = _samples(missing)
    if answered or not asked:
        return None
    return EngineError(f"the model gave none of {asked:,} samples: {reason}")


def incomplete(missing: Mapping[str, Any]) -> EngineError | SandboxError | None:
    """The error of a run that lacks something, in one line that says how to get it; None for a complete run."""
    if missing["complete"]:
        return None
    asked, answered, reason = _samples(missing)
    executions = missing["executions"]
    lost = [f"{executions['lost']:,} executions"] if executions["lost"] else []
    lost += [f"the tables of {executions['tables_not_run']:,} problems"] if executions["tables_not_run"] else []
    no_executions = f"the sandbox failed on {' and '.join(lost)}: {next(iter(executions['reasons']), 'not run yet')}"
    again = "the same command, given again, does only what is missing"
    if answered < asked:
        no_samples = f"{asked - answered:,} of {asked:,} samples are missing: {reason}"
        return EngineError("; ".join([no_samples, *([no_executions] if lost else []), again]))
    return SandboxError(f"{no_executions}; {again}")


def _samples(missing: Mapping[str, Any]) -> tuple[int, int, str]:
    """Numbers of samples and of answers, and the most frequent reason for a missing sample, of both roles together."""
    roles = [missing[role] for role in _ROLES]
    reasons: Counter[str] = Counter()
    for role in roles:
        reasons.update(role["reasons"])
    reason = visible(next((text for text, _ in reasons.most_common(1)), "they were not asked for yet"))
    return sum(role["asked"] for role in roles), sum(role["answered"] for role in roles), reason


def coverage_of(directory: RunDirectory, settings: Settings, tables: Iterable[EvaluatedTable]) -> Coverage:
    """The counts of what the run asked for, has and lacks; `tables` may be an iterator, because it is read once."""
    lost: Counter[str] = Counter()
    cells: dict[int, int] = {}
    names: dict[int, str] = {}
    for table in tables:
        names[table.problem] = table.name
        cells[table.problem] = "".join((*table.cells, table.reference or "")).count(UNKNOWN)
        lost.update(table.lost)
    problems = directory.problem_names() or [names[number] for number in sorted(names)]
    samples: dict[str, SampleCounts] = {
        role: count_samples(directory, settings, role, len(problems)) for role in _ROLES
    }
    missing = {}
    for number, name in enumerate(problems):
        asked = {role: counts.asked[number] - counts.answered[number] for role, counts in samples.items()}
        answered = any(counts.answered[number] for counts in samples.values())
        of_problem = Missing(
            programs=asked["coder"],
            tests=asked["tester"],
            executions=cells.get(number, 0),
            tables=int(answered and number not in cells),
        )
        if of_problem != Missing():
            missing[name] = of_problem
    return Coverage(problems=problems, evaluated=len(cells), samples=samples, lost=lost, missing=missing)
