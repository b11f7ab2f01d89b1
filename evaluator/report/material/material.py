"""Reads the material of a report from the directory of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cure.errors import ProblemError
from evaluator.datasets import find_dataset
from evaluator.report.material.answers import Answers, answers_of
from evaluator.report.material.facts import ProblemFacts, facts_of
from evaluator.report.material.published import Published, published
from evaluator.run.directory import RunDirectory
from evaluator.run.settings import Settings
from evaluator.run.stored import read_tables
from evaluator.run.tables import EvaluatedTable

ROLES = ("coder", "tester")


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything a report is made from."""

    directory: RunDirectory
    settings: Settings
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tables: Sequence[EvaluatedTable]
    """Execution tables in the order of problems; read from disk at each iteration."""
    problems: Sequence[ProblemFacts]
    """Facts about each problem, in the order of `tables`."""
    samples: Mapping[str, Answers]
    statements: Mapping[str, str]
    """Statements by the name of the problem; empty where the file of the set is missing or has changed."""
    no_statements: str
    """Why the statements are not shown; empty where they are."""
    published: Published | None


def read_material(directory: RunDirectory, metrics: Mapping[str, Any]) -> Material:
    """The material of the run in this directory. Raises ProblemError where there is no evaluation."""
    settings = directory.read_settings()
    config = json.loads(directory.config.read_text(encoding="utf-8"))
    tables = read_tables(directory)
    problems = tuple(map(facts_of, tables))
    statements, reason = _statements(settings)
    return Material(
        directory=directory,
        settings=settings,
        config=config,
        metrics=metrics,
        tables=tables,
        problems=problems,
        samples={role: _samples(directory, role, problems) for role in ROLES},
        statements=statements,
        no_statements=reason,
        published=published(settings.dataset),
    )


def _samples(directory: RunDirectory, role: str, problems: Sequence[ProblemFacts]) -> Answers:
    unread = {(facts.number, index) for facts in problems for index in facts.not_extracted[role]}
    return answers_of(directory.samples(role), unread)


def _statements(settings: Settings) -> tuple[dict[str, str], str]:
    """The statements by name of the problem, and an empty text; none and a reason if the file is missing or changed."""
    from evaluator.run.start import read_problems

    try:
        problems, sha256 = read_problems(find_dataset(settings.dataset), settings.limit)
    except (ProblemError, OSError) as error:
        return {}, f"The statements are not here: {error}"
    if sha256 != settings.data_sha256:
        return {}, f"The statements are not here: {settings.dataset} has changed since the run"
    return {problem.name: problem.question for problem in problems}, ""
