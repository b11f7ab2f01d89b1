"""Everything a report is made from, read from a run's directory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cure.errors import ProblemError
from cure.problem import Problem
from evaluator.report.prices import Price
from evaluator.report.published import Published, published
from evaluator.run.directory import RunDirectory
from evaluator.run.execute import read_tables
from evaluator.run.lines import read_lines
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.tables import EvaluatedTable

ROLES = ("coder", "tester")
LONGEST_ANSWER = 4_000
"""Characters kept of an answer that nothing could be read from."""


@dataclass
class RoleSamples:
    """What is drawn and shown of a role's samples."""

    lengths: list[int] = field(default_factory=list)
    """Tokens of each completion."""
    unread: dict[tuple[int, int], str] = field(default_factory=dict)
    """Answers that nothing could be read from, by problem and index, cut."""


@dataclass(frozen=True)
class Material:
    """A run, as a report needs it."""

    directory: RunDirectory
    settings: Settings
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    tables: Sequence[EvaluatedTable]
    samples: Mapping[str, RoleSamples]
    problems: Mapping[str, Problem]
    """By name; empty where the set's file is not here any more."""
    no_problems: str
    """Why the statements are not shown; empty where they are."""
    published: Published | None
    prices: Mapping[str, Price] | None

    @property
    def roles(self) -> list[tuple[str, RoleSettings]]:
        """The roles that took part."""
        pairs = (("coder", self.settings.coder), ("tester", self.settings.tester))
        return [(name, role) for name, role in pairs if role is not None]


def read_material(
    directory: RunDirectory, metrics: Mapping[str, Any], prices: Mapping[str, Price] | None = None
) -> Material:
    """What lies in the directory; raises ProblemError where that is no evaluation."""
    settings = directory.read_settings()
    config = json.loads(directory.config.read_text(encoding="utf-8"))
    tables = read_tables(directory)
    problems, reason = _statements(settings)
    return Material(
        directory=directory,
        settings=settings,
        config=config,
        metrics=metrics,
        tables=tables,
        samples={role: _samples(directory, role, tables) for role in ROLES},
        problems=problems,
        no_problems=reason,
        published=published(settings.dataset),
        prices=prices,
    )


def _samples(directory: RunDirectory, role: str, tables: Sequence[EvaluatedTable]) -> RoleSamples:
    wanted = {
        (table.problem, index)
        for table in tables
        for index in (table.test_failures if role == "tester" else _unread(table.program_failures))
    }
    kept = RoleSamples()
    for record in read_lines(directory.samples(role)):
        if not record["error"]:
            kept.lengths.append(record["completion_tokens"])
        place = (record["problem"], record["index"])
        if place in wanted and record["text"]:
            kept.unread[place] = record["text"][:LONGEST_ANSWER]
    return kept


def _unread(failures: Sequence[str]) -> list[int]:
    return [index for index, reason in enumerate(failures) if reason]


def _statements(settings: Settings) -> tuple[dict[str, Problem], str]:
    """The set's problems, if its file is still the one that was evaluated; else why not."""
    from evaluator.run.start import read_problems

    try:
        problems, sha256 = read_problems(_file(settings.dataset), settings.limit)
    except (ProblemError, OSError) as error:
        return {}, f"The statements are not here: {error}"
    if sha256 != settings.data_sha256:
        return {}, f"The statements are not here: {settings.dataset} has changed since the run"
    return {problem.name: problem for problem in problems}, ""


def _file(dataset: str) -> Path:
    path = Path(dataset)
    if path.is_file():
        return path
    try:
        from evaluator.datasets import find_dataset
    except ImportError:
        raise ProblemError(f"{dataset}: no such file") from None
    return find_dataset(dataset)
