"""All reasons to refuse a patch, found by reading it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from agent.repository.checks.below import project_directory
from agent.repository.checks.configuration import text
from agent.repository.checks.layout import belongs_to_tests, is_test_file, roots_of_tests
from agent.repository.checks.protected.code import lost_examples, tampering, tampering_test
from agent.repository.checks.protected.names import planted
from agent.repository.checks.protected.policy import Policy, Reason, Violation
from agent.repository.checks.protected.settings import changed_settings
from agent.repository.checks.protected.tests import weakened
from agent.repository.checks.settings import settings_of
from agent.repository.files import Changed, ChangedFiles, Files

DEFAULT = Policy()


def violations(files: Files, changed: Changed, policy: Policy = DEFAULT) -> list[Violation]:
    """Why a patch of these files is refused before it is run, sorted by path; empty where it may be run.

    Existing tests, and whatever decides how they are collected and run, must stay as they are; tests may be added.
    Product code must not start to reach for what judges it. Nothing is run.
    """
    patterns = settings_of(files, project_directory(files)).python_files
    roots = roots_of_tests(files, patterns)
    after = ChangedFiles(files, changed)
    protected = _matcher(policy.protect)
    found: list[Violation] = []
    for path, data in changed.items():
        if _outside(path):
            found.append(Violation(path, Reason.OUTSIDE, "a patch may only write files of the working tree"))
            continue
        if protected(path):
            found.append(Violation(path, Reason.PROTECTED, "--protect names it"))
        if data is not None and path in files.paths and files.read(path) == data:
            continue
        is_test = belongs_to_tests(path, roots, patterns)
        found += _of(files, after, path, policy, is_test=is_test, is_new_test=is_test_file(path, patterns))
    return sorted(found)


def _of(
    before: Files, after: ChangedFiles, path: str, policy: Policy, *, is_test: bool, is_new_test: bool
) -> Iterator[Violation]:
    data = after.changed[path]
    settings = changed_settings(before, after, path)
    if path in policy.command_files:
        settings = settings or "the test command reads it"
    if settings and not policy.allow_test_changes:
        yield Violation(path, Reason.SETTINGS, settings)
        return
    if data is None:
        if is_test and not policy.allow_test_changes:
            yield Violation(path, Reason.DELETED, "the file is gone")
        return
    new = path not in before.paths
    loaded = planted(before, path) if new or path.endswith((".pth", "sitecustomize.py")) else ""
    if loaded:
        yield Violation(path, Reason.PLANTED, loaded)
        return
    if is_test:
        yield from _test(before, after, path, policy, new=new, is_new_test=is_new_test)
    elif path.endswith(".py"):
        yield from _product(before, after, path, policy)
    elif not new and not policy.allow_test_changes and _is_doctest(path, policy):
        words = lost_examples(text(before, path), text(after, path), python=False)
        if words:
            yield Violation(path, Reason.WEAKENED, words)


def _test(
    before: Files, after: Files, path: str, policy: Policy, *, new: bool, is_new_test: bool
) -> Iterator[Violation]:
    if policy.allow_test_changes:
        return
    name = PurePosixPath(path).name
    if not new and not path.endswith(".py"):
        yield Violation(path, Reason.WEAKENED, "data that tests may read changes")
    elif not new:
        words = weakened(text(before, path), text(after, path))
        if words:
            yield Violation(path, Reason.WEAKENED, words)
    elif name == "__init__.py" and text(after, path).strip():
        yield Violation(path, Reason.PLANTED, "code that runs before the tests of this directory")
    elif path.endswith(".py"):
        words = tampering_test(text(after, path)) if is_new_test else tampering("", text(after, path))
        if words:
            yield Violation(path, Reason.PLANTED, words)


def _product(before: Files, after: Files, path: str, policy: Policy) -> Iterator[Violation]:
    words = tampering(text(before, path), text(after, path))
    if words:
        yield Violation(path, Reason.TAMPERS, words)
    if policy.doctests and not policy.allow_test_changes:
        words = lost_examples(text(before, path), text(after, path))
        if words:
            yield Violation(path, Reason.WEAKENED, words)


def _is_doctest(path: str, policy: Policy) -> bool:
    return any(fnmatchcase(PurePosixPath(path).name, pattern) for pattern in policy.doctest_files)


def _outside(path: str) -> bool:
    parts = path.split("/")
    return (
        path.startswith("/") or not path or "\0" in path or ".." in parts or ".git" in (part.lower() for part in parts)
    )


def _matcher(patterns: tuple[str, ...]) -> Callable[[str], bool]:
    from pathspec import GitIgnoreSpec

    if not patterns:
        return lambda _path: False
    return GitIgnoreSpec.from_lines(patterns).match_file
