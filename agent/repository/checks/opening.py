"""Finds suite, interpreter and environment of a repository, and opens a checker with them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from agent.repository.checks.below import below
from agent.repository.checks.checker import RUN_LIMITS, Checker, Place, opened
from agent.repository.checks.declared import project_of
from agent.repository.checks.environment import Environment, NoEnvironment, Probe, foreign, own, prepared, probe
from agent.repository.checks.finding import find_suite
from agent.repository.checks.images import find_image
from agent.repository.checks.interpreter import Interpreter, allowed, find_interpreter, in_image, installed
from agent.repository.checks.layout import top_modules
from agent.repository.checks.requirements import Requirements, requirements_of
from agent.repository.checks.sources import support_of
from agent.repository.checks.suite import Suite
from agent.repository.files import Files
from sandbox import Limits, SandboxError
from sandbox.workspace import SetupFailed, Workspace

Say = Callable[[str], None]
NOTHING = Probe("", "", {}, (), ())
NOWHERE = Environment("", "")


async def open_checker(
    directory: Path,
    files: Files,
    *,
    root: Path | None = None,
    standing: Path | None = None,
    objects: Path | None = None,
    test_cmd: str | None = None,
    python: str | None = None,
    image: str | None = None,
    kind: str = "auto",
    network: bool = True,
    slots: int = 2,
    limits: Limits = RUN_LIMITS,
    say: Say = lambda _: None,
) -> Checker:
    """A checker over `directory`, a checkout of `files`; the caller closes it.

    `root` is the user's repository, where environments such as `.venv` lie, and `standing` the directory inside it that
    the user stands in; `objects` are its git objects, which tests that call git need; `network` says whether an
    environment may be prepared with packages from an index. The tests themselves never have the network.

    Raises RepositoryError where no tests, no interpreter or no environment is found, SandboxUnavailable without a
    sandbox, SetupFailed where the environment cannot be prepared.
    """
    start = root or directory
    suite = find_suite(files, test_cmd, _relative(standing, start))
    project = below(files, suite.rootdir)
    needs = requirements_of(project)
    modules = tuple(top_modules(project))
    place = Place(directory, NOWHERE, NOTHING, support_of(project), modules, objects=objects, kind=kind, image=image)
    declared = find_image(files) if kind == "docker" and image is None and python is None else None
    if declared is not None:
        try:
            within = replace(place, image=declared.name)
            ready = await _ready(within, in_image(declared.name, declared.place), needs, network, say)
            return _checker(ready, suite, needs, slots, limits)
        except (SandboxError, NoEnvironment) as error:
            say(f"the image {declared.name} of {declared.place} cannot be used: {error}")
    if standing is None and suite.rootdir != ".":
        standing = start / suite.rootdir
    interpreter = _interpreter(project, start, standing, python, image)
    return _checker(await _ready(place, interpreter, needs, network, say), suite, needs, slots, limits)


def _relative(standing: Path | None, root: Path) -> str:
    """The path from the root to the directory that the user stands in; `.` where that is elsewhere, or not said."""
    if standing is None or not standing.resolve().is_relative_to(root.resolve()):
        return "."
    return str(standing.resolve().relative_to(root.resolve()))


def _checker(ready: tuple[Place, Workspace], suite: Suite, needs: Requirements, slots: int, limits: Limits) -> Checker:
    place, workspace = ready
    blocked = foreign(place.environment, place.probe, needs)
    checker = Checker(replace(place, blocked=blocked), suite, slots=slots, limits=limits)
    checker.adopt(workspace)
    return checker


def _interpreter(files: Files, root: Path, standing: Path | None, python: str | None, image: str | None) -> Interpreter:
    if image is not None and python is None:
        return in_image(image)
    fits = allowed(project_of(files).requires_python)
    return find_interpreter(root, given=python, workspace=standing, fits=fits)


async def _ready(
    place: Place, interpreter: Interpreter, needs: Requirements, network: bool, say: Say
) -> tuple[Place, Workspace]:
    """The place with an environment that has what the tests need, and an open workspace in it."""
    may_prepare = network and not (interpreter.given and interpreter.is_environment)
    absent = (
        {"pytest", *needs.runtime} - installed(interpreter) if Path(interpreter.executable).is_absolute() else set()
    )
    if may_prepare and absent:
        # Seen without a sandbox, which would take longer to open than a kept environment.
        return await _prepared(place, interpreter, needs, tuple(sorted(absent)), say)
    place = replace(place, environment=own(interpreter))
    workspace = await opened(place)
    try:
        found = await probe(workspace, place.environment, needs)
        lacks = found.lacks
    except NoEnvironment as error:
        found, lacks = NOTHING, (str(error),)
    except BaseException:
        await workspace.close()
        raise
    if not lacks:
        return replace(place, probe=found), workspace
    if not may_prepare:
        return await _as_it_is(place, workspace, found, lacks, say)
    await workspace.close()
    return await _prepared(place, interpreter, needs, lacks, say)


async def _as_it_is(
    place: Place, workspace: Workspace, found: Probe, lacks: tuple[str, ...], say: Say
) -> tuple[Place, Workspace]:
    """The given interpreter, as long as it has pytest at all."""
    if found.pytest:
        say(f"{place.environment.executable} lacks {_some(lacks)}: tests that need that fail")
        return replace(place, probe=found), workspace
    await workspace.close()
    raise NoEnvironment(f"{place.environment.executable} lacks {', '.join(lacks)}: install it there, or name another")


async def _prepared(
    place: Place, interpreter: Interpreter, needs: Requirements, lacks: tuple[str, ...], say: Say
) -> tuple[Place, Workspace]:
    environment = prepared(interpreter, needs, uv=_uv(place))
    environment = replace(environment, reason=f"{environment.reason}; {interpreter.executable} lacks {_some(lacks)}")
    place = replace(place, environment=environment)
    try:
        workspace = await opened(place, _once(say, environment.reason))
    except SetupFailed as error:
        raise NoEnvironment(
            "\n".join(
                [
                    f"no environment for the tests could be prepared: {error}",
                    *environment.warnings,
                    "Give an interpreter that has all that they need: --python PATH",
                ]
            )
        ) from error
    try:
        found = await probe(workspace, environment, needs)
        if not found.pytest:
            raise NoEnvironment(
                "the prepared environment has no pytest: is a package index reachable? Or give --python"
            )
        if found.failed:
            say(f"not installed, since that failed: {_some(found.failed)}")
    except BaseException:
        await workspace.close()
        raise
    return replace(place, probe=found), workspace


def _once(say: Say, reason: str) -> Say:
    """`say`, told once that an environment is being prepared, instead of with every command of the set-up."""
    said: list[str] = []

    def told(line: str) -> None:
        first = not said
        said.append(line)
        if not line.startswith("preparing"):
            say(line)
        elif first:
            say(f"preparing an environment for the tests, which is kept: {reason}")

    return told


def _uv(place: Place) -> str | None:
    return shutil.which("uv") if place.image is None and place.kind != "docker" else None


def _some(words: tuple[str, ...]) -> str:
    return ", ".join(words[:4]) + (f" and {len(words) - 4} more" if len(words) > 4 else "")
