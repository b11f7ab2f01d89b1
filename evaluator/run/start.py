"""Runs an evaluation: opens engines and sandbox, completes the evaluation, and always closes engines and sandbox."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cure.errors import ProblemError
from cure.problem import Problem
from cure.problem.file import read_problem_file, to_record
from cure.prompts import prompts_for, style_for
from cure.session import open_session
from engines import BatchProgress, Engine
from evaluator.run.directory import RunDirectory, find_or_choose
from evaluator.run.execute import Progress, execute
from evaluator.run.pools import append_new, stored_samples
from evaluator.run.samples import Asker
from evaluator.run.settings import Role, RoleSettings, Settings
from settings.section import Section


def read_problems(
    path: Path, limit: int | None, on_note: Callable[[str], None] = lambda _: None
) -> tuple[list[Problem], str]:
    """The problems of a file or a package, and the SHA-256 of its content; `on_note` gets each remark of the reader.

    Raises ProblemError where the file or package cannot be read, or two problems have equal names.
    """
    found = read_problem_file(str(path))
    for note in found.notes:
        on_note(note)
    problems = found.problems[:limit]
    names: dict[str, int] = {}
    for number, problem in enumerate(problems):
        if problem.name in names:
            raise ProblemError(f"{path}: problems {names[problem.name]} and {number} are both called {problem.name!r}")
        names[problem.name] = number
    content = path.read_bytes() if path.is_file() else json.dumps([*map(to_record, found.problems)]).encode()
    return problems, hashlib.sha256(content).hexdigest()


async def evaluate(
    settings: Settings,
    problems: Sequence[Problem],
    outputs: Path,
    sandbox: str = "auto",
    options: Sequence[Section] = (),
    *,
    fresh: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_directory: Callable[[RunDirectory], None] = lambda _: None,
    batch: bool = False,
) -> RunDirectory:
    """The directory of the evaluated run: the newest run with these settings is continued.

    A new run is begun where there is none, or `fresh` is set; its directory is made only when engines and sandbox are
    open. The run lacks samples whose requests failed, and executions on which the sandbox failed
    (`evaluator.run.missing` counts both); the next call tries these again.

    `on_directory` gets the directory as soon as it exists. `options` are settings of engines. With `batch`, servers are
    asked through their batch API, local models as usual.

    Raises ProblemError, EngineError or SandboxError where the evaluation cannot begin or go on, such as where batches
    are under way and `batch` is not set.
    """
    directory = find_or_choose(outputs, settings, fresh)
    stored = {
        role: stored_samples(wanted.model, role, problems, wanted.samples)
        for role, wanted in settings.roles.items()
        if wanted.is_stored
    }
    asked = {role: wanted for role, wanted in settings.roles.items() if role not in stored}
    models: dict[str, list[Role]] = {}
    for role, wanted in asked.items():
        models.setdefault(wanted.model, []).append(role)
    states = {model: directory.batches(roles) for model, roles in models.items()}
    progress = _JoinedProgress(on_progress)
    own = {model: progress.batch_options(state) for model, state in states.items()} if batch else {}
    if not batch:
        _refuse_batches_under_way(states.values())
    async with open_session(models, sandbox, *options, own=own) as session:
        askers = [_asker(role, wanted, session.engines[wanted.model]) for role, wanted in asked.items()]
        names = [problem.name for problem in problems]
        directory.write_config(settings, _surroundings(session.sandbox.isolation), names)
        on_directory(directory)
        for role, samples in stored.items():
            append_new(samples, directory.samples(role))
            wanted = settings.roles[role]
            askers.append(Asker(role, None, wanted.model, prompts_for("chat"), wanted))
        await execute(directory, settings, problems, askers, session.sandbox, progress.evaluation)
    return directory


class _JoinedProgress:
    """Joins the progress of an evaluation and of its batches into one report."""

    def __init__(self, on_progress: Callable[[Progress], None]) -> None:
        self._on_progress = on_progress
        self._evaluation: Progress | None = None
        self._batches: dict[Path, BatchProgress] = {}

    def batch_options(self, state: Path) -> list[Section]:
        """Options that make an engine use the batch API, with its state in the file `state`."""
        from engines import BatchOptions

        def show(progress: BatchProgress) -> None:
            self._batches[state] = progress
            if self._evaluation is not None:
                self.evaluation(self._evaluation)

        return [BatchOptions(state=state, on_progress=show)]

    def evaluation(self, progress: Progress) -> None:
        """Report the progress of the evaluation together with that of its batches."""
        self._evaluation = progress
        batch = BatchProgress.total(self._batches.values()) if self._batches else None
        self._on_progress(replace(progress, batch=batch))


def _refuse_batches_under_way(states: Iterable[Path]) -> None:
    for state in states:
        if state.is_file():
            # Imported only where needed, because the import loads the HTTP client.
            from engines import refuse_under_way

            refuse_under_way(state)


def _asker(role: Role, wanted: RoleSettings, engine: Engine) -> Asker:
    style = style_for(engine.model) if wanted.style == "auto" else wanted.style
    return Asker(role, engine, engine.model, prompts_for(style, stage="evaluation", k_case=wanted.samples), wanted)


def _surroundings(isolation: str) -> dict[str, Any]:
    return {
        "begun": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {"cure-agent": version("cure-agent"), "python": platform.python_version()},
        "sandbox": isolation,
    }
