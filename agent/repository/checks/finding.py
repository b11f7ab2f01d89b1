"""Finds how a repository's tests are run, by reading its files alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from agent.repository.checks.below import below, project_directory
from agent.repository.checks.command_lines import Call, calls
from agent.repository.checks.layout import NOT_SOURCES, TEST_DIRECTORIES, files_with_tests
from agent.repository.checks.options import Options, cleaned
from agent.repository.checks.settings import Settings, settings_of
from agent.repository.checks.suite import Rejected, Runner, Suite
from agent.repository.checks.written import Written, written
from agent.repository.errors import RepositoryError
from agent.repository.files import Files

HARMLESS_ENV = (
    "PATH",
    "PYTHONPATH",
    "HOME",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "PIP_",
    "UV_",
    "COVERAGE",
    "TOX_",
    "GITHUB_",
)
"""Beginnings of variables that automation sets for itself, and that the tests are not given."""
MOST_REJECTED = 12


def find_suite(files: Files, given: str | None = None, standing: str = ".") -> Suite:
    """How the tests are run.

    `given` is a command line of the user, for the repository's root. Without one, the way is made of pytest's own
    settings, of the options and variables of the first call of pytest that tox, nox, scripts, make or CI write down,
    and of the test files that exist, in the project at or above `standing`, the directory that the user stands in.
    Suites of unittest run under pytest too. Runs nothing.

    Raises RepositoryError where there is no test, or where the given command is empty.
    """
    if given is not None:
        return _given(files, given)
    directory = project_directory(files, standing)
    suite = _found(below(files, directory))
    return suite if directory == "." else _in(directory, suite)


def _in(directory: str, suite: Suite) -> Suite:
    others = tuple(_in(directory, other) for other in suite.alternatives)
    return replace(suite, rootdir=directory, reason=f"in {directory}, {suite.reason}", alternatives=others)


def _found(files: Files) -> Suite:
    """The suite of one project, without a command of the user."""
    settings = settings_of(files)
    rejected: list[Rejected] = []
    found = [(line, call) for line in written(files) for call in calls(line.line)]
    taken: list[tuple[Written, Call]] = []
    for line, call in found:
        if call.program == "pytest" or _unittest(call):
            taken.append((line, call))
        elif len(rejected) < MOST_REJECTED and call.program in ("tox", "nox", "make", "hatch", "pixi", "just"):
            rejected.append(
                Rejected(f"{line.place}: {call.program} {' '.join(call.arguments)}".strip(), "starts others")
            )
    suites = _distinct([_suite(files, settings, line, call) for line, call in taken] or [_by_layout(files, settings)])
    first, *others = suites
    rejected += [Rejected(f"{suite.words} ({suite.reason})", "a more trusted place has another") for suite in others]
    return replace(first, rejected=tuple(rejected[:MOST_REJECTED]), alternatives=tuple(others))


def _given(files: Files, line: str) -> Suite:
    found = calls(line)
    if not found:
        raise RepositoryError(
            f"the test command {line!r} is empty or cannot be read: give one such as `pytest -q tests`"
        )
    first, last = found[0], found[-1]
    directory = str(PurePosixPath(first.arguments[0])) if first.program == "cd" and len(first.arguments) == 1 else "."
    alone = len(found) == (1 if directory == "." else 2) and _existence(files)(directory)
    if alone and last.program == "pytest":
        inside = below(files, directory)
        suite = _suite(inside, settings_of(inside), Written("given", line), last)
        return replace(suite, rootdir=directory, reason="given by the user")
    return Suite(
        Runner.COMMAND,
        ("/bin/sh", "-c", line),
        reason="given by the user; judged by its exit status, as it is not pytest",
    )


def _suite(files: Files, settings: Settings, line: Written, call: Call) -> Suite:
    exists = _existence(files)
    asked = cleaned(call.arguments if call.program == "pytest" else (), exists)
    start = _unittest_start(call, exists)
    if asked.config and asked.config in files.paths:
        settings = replace(settings, config=asked.config)
    own = cleaned(settings.addopts, exists)
    paths = asked.paths or start
    if not paths and not settings.testpaths:
        paths = _by_layout(files, settings).paths
    reason = f"{line.place} calls {call.program}"
    if settings.config:
        reason += f", with pytest's settings in {settings.config}"
    return Suite(
        Runner.PYTEST,
        _arguments(own, asked),
        _without_sources(paths),
        env=_kept_env({**line.env, **call.env}),
        config=settings.config,
        reason=reason,
    )


def _by_layout(files: Files, settings: Settings) -> Suite:
    """The suite of a repository whose automation never calls pytest."""
    own = cleaned(settings.addopts, _existence(files))
    common = Suite(Runner.PYTEST, _arguments(own, Options()), config=settings.config)
    if settings.testpaths:
        return replace(common, reason=f"pytest's settings in {settings.config} name testpaths")
    found = files_with_tests(files.paths, settings.python_files)
    roots = sorted({_test_root(path) for path in found if not NOT_SOURCES & set(PurePosixPath(path).parts[:-1])})
    if not roots:
        raise RepositoryError(
            "no tests were found: no settings of pytest, no directory tests, no file test_*.py; name the command with "
            "--test-cmd"
        )
    where = ", ".join(roots[:3]) + (", …" if len(roots) > 3 else "")
    reason = f"pytest's settings in {settings.config}, tests in {where}" if settings.config else f"tests in {where}"
    if settings.config and set(settings.python_files) != set(Settings().python_files):
        return replace(common, reason=reason)
    return replace(common, paths=tuple(roots), reason=reason)


def _test_root(path: str) -> str:
    """The outermost directory of tests that a file with tests lies in, else the file."""
    parts = PurePosixPath(path).parts
    for index, part in enumerate(parts[:-1]):
        if part in TEST_DIRECTORIES:
            return "/".join(parts[: index + 1])
    return path


def _unittest(call: Call) -> bool:
    return call.program == "unittest" or (
        call.program.startswith("python") and call.arguments[:2] == ("setup.py", "test")
    )


def _unittest_start(call: Call, exists: Callable[[str], bool]) -> tuple[str, ...]:
    """The directory or files that a call of unittest names, as paths."""
    words = [word for word in call.arguments if call.program == "unittest" and word != "discover"]
    named = []
    for index, word in enumerate(words):
        path = word.replace(".", "/")
        if word.startswith("-"):
            continue
        if exists(word) and word != ".":
            named.append(word)
        elif exists(f"{path}.py"):
            named.append(f"{path}.py")
        elif exists(path) and (index == 0 or words[index - 1] not in ("-p", "--pattern", "-t")):
            named.append(path)
    return tuple(named)


def _arguments(*options: Options) -> tuple[str, ...]:
    """All kept options in their order, each once."""
    words: list[str] = []
    for option in options:
        if option.kept and list(option.kept) != words[: len(option.kept)]:
            words += option.kept
    return tuple(words)


def _without_sources(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path.rstrip("/") for path in paths if path not in (".", "./")))


def _kept_env(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if not name.startswith(HARMLESS_ENV)}


def _existence(files: Files) -> Callable[[str], bool]:
    """A function that tells whether a path names a file or directory."""
    known = set(files.paths)
    for path in files.paths:
        known.update(str(parent) for parent in PurePosixPath(path).parents)
    return lambda path: path.rstrip("/").removeprefix("./") in known or path in (".", "./")


def _distinct(suites: Sequence[Suite]) -> list[Suite]:
    """The suites without those that would run in the way of an earlier one."""
    seen: dict[object, Suite] = {}
    for suite in suites:
        key = (suite.arguments, suite.paths, tuple(sorted(suite.env.items())), suite.config)
        seen.setdefault(key, suite)
    return list(seen.values())
