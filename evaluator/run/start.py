"""Opens what an evaluation needs, completes it, and closes everything whatever happens."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

from cure.errors import ProblemError
from cure.problem import Problem
from cure.problem.file import load_problems
from cure.prompts import prompts_for, style_for
from engines import Engine, open_engine, parse_spec
from evaluator.run.directory import RunDirectory, find_or_make, write_whole
from evaluator.run.execute import Progress, execute
from evaluator.run.pools import given_samples, is_given, keep
from evaluator.run.samples import Asker, Role
from evaluator.run.settings import RoleSettings, Settings
from sandbox import open_sandbox
from settings.section import Section


def read_problems(path: Path, limit: int | None) -> tuple[list[Problem], str]:
    """The problems of a file, and its SHA-256. Raises ProblemError, also where two have one name."""
    problems = load_problems(str(path))[:limit]
    names: dict[str, int] = {}
    for number, problem in enumerate(problems):
        if problem.name in names:
            raise ProblemError(f"{path}: problems {names[problem.name]} and {number} are both called {problem.name!r}")
        names[problem.name] = number
    return problems, hashlib.sha256(path.read_bytes()).hexdigest()


async def evaluate(
    settings: Settings,
    problems: Sequence[Problem],
    outputs: Path,
    sandbox: str = "auto",
    options: Sequence[Section] = (),
    *,
    fresh: bool = False,
    ask_again: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_directory: Callable[[RunDirectory], None] = lambda _: None,
    batch: bool = False,
) -> RunDirectory:
    """The completed run: a new one, or the one with these settings that was begun before.

    `options` are those of engines, each of which takes its own. `batch`: servers are asked through their batch API,
    models in this process as ever.
    """
    directory = find_or_make(outputs, settings, fresh)
    on_directory(directory)
    async with AsyncExitStack() as stack:
        box = await open_sandbox(sandbox)
        stack.push_async_callback(box.close)
        askers = []
        opened: dict[str, Engine] = {}
        roles: list[tuple[Role, RoleSettings | None]] = [("coder", settings.coder), ("tester", settings.tester)]
        for role, wanted in roles:
            if wanted is None:
                continue
            if is_given(wanted.model):
                askers.append(_given(directory, role, wanted, problems))
                continue
            if wanted.model not in opened:
                opened[wanted.model] = await open_engine(wanted.model, *options)
                stack.push_async_callback(opened[wanted.model].close)
            askers.append(_asker(role, wanted, opened[wanted.model], batch))
        directory.write_config(settings, _surroundings(box.isolation))
        write_whole(directory.path / "problems.json", json.dumps([problem.name for problem in problems]) + "\n")
        await execute(directory, settings, problems, askers, box, on_progress, ask_again)
    return directory


def _asker(role: Role, wanted: RoleSettings, engine: Engine, batch: bool) -> Asker:
    style = style_for(engine.model) if wanted.style == "auto" else wanted.style
    prompts = prompts_for(style, stage="evaluation", k_case=wanted.samples)
    is_served = parse_spec(wanted.model).kind in ("http", "openai")
    return Asker(role, engine, engine.model, prompts, wanted, batch and is_served)


def _given(directory: RunDirectory, role: Role, wanted: RoleSettings, problems: Sequence[Problem]) -> Asker:
    """A role whose samples are all there: they are copied into the run, and nobody is asked."""
    keep(given_samples(wanted.model, role, problems, wanted.samples), directory.samples(role))
    return Asker(role, None, wanted.model, prompts_for("chat"), wanted)


def _surroundings(isolation: str) -> dict[str, Any]:
    return {
        "begun": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {"cure-agent": version("cure-agent"), "python": platform.python_version()},
        "sandbox": isolation,
    }
