"""Everything a report is made from, read from a run's directory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cure.errors import ProblemError
from evaluator.report.material.answers import Answers, answers_of
from evaluator.report.material.facts import ProblemFacts, facts_of
from evaluator.report.material.published import Published, published
from evaluator.run.directory import RunDirectory
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.stored import read_tables
from evaluator.run.tables import EvaluatedTable

ROLES = ("coder", "tester")


@dataclass(frozen=True)
class Material:
    """A run, as a report needs it."""

    directory: RunDirectory
    settings: Settings
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tables: Sequence[EvaluatedTable]
    """Read from disk each time they are gone through."""
    problems: Sequence[ProblemFacts]
    """In the order of tables."""
    samples: Mapping[str, Answers]
    statements: Mapping[str, str]
    """By the problem's name; empty where the set's file is not here any more."""
    no_statements: str
    """Why the statements are not shown; empty where they are."""
    published: Published | None

    @property
    def roles(self) -> list[tuple[str, RoleSettings]]:
        """The roles that took part."""
        pairs = (("coder", self.settings.coder), ("tester", self.settings.tester))
        return [(name, role) for name, role in pairs if role is not None]


def read_material(directory: RunDirectory, metrics: Mapping[str, Any]) -> Material:
    """What lies in the directory; raises ProblemError where that is no evaluation."""
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
    unread = {(facts.line.number, index) for facts in problems for index in facts.unread[role]}
    return answers_of(directory.samples(role), unread)


def _statements(settings: Settings) -> tuple[dict[str, str], str]:
    """The statements of the set's problems by name, if its file is still the one that was evaluated; else why not."""
    from evaluator.run.start import read_problems

    try:
        problems, sha256 = read_problems(_file(settings.dataset), settings.limit)
    except (ProblemError, OSError) as error:
        return {}, f"The statements are not here: {error}"
    if sha256 != settings.data_sha256:
        return {}, f"The statements are not here: {settings.dataset} has changed since the run"
    return {problem.name: problem.question for problem in problems}, ""


def _file(dataset: str) -> Path:
    path = Path(dataset)
    if path.is_file():
        return path
    try:
        from evaluator.datasets import find_dataset
    except ImportError:
        raise ProblemError(f"{dataset}: no such file") from None
    return find_dataset(dataset)
