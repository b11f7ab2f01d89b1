"""Pools of answers whose truth was measured: an answer is right if its edit passes the hidden tests."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import random
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from benchmarks.repository_tasks import coder, tester
from benchmarks.repository_tasks.answers import fenced, worded
from benchmarks.repository_tasks.store import write_json
from benchmarks.repository_tasks.task import Edit, RepositoryTask, Texts, is_test
from benchmarks.repository_tasks.trials import Bench, Trial, run_trials

_TESTS_AT_ONCE = 25
_MOST = {
    "own": 8,
    "whole": 8,
    "part": 8,
    "mutated": 12,
    "old": 6,
    "vacuous": 5,
    "no import": 2,
    "unknown name": 2,
    "fails everywhere": 2,
}
"""How many tests of a kind are measured."""


@dataclass(frozen=True)
class CoderAnswer:
    """An answer of a coder."""

    id: str
    kind: str
    """`fix` or the name of another writing; or how it was made wrong: mutant, breaking, partial, elsewhere, special
    case, weakening, unchanged, malformed. A mutant that passes all hidden tests is right.
    """
    form: str
    text: str
    changed: Texts | None
    """Texts of the files that the answer changes; None where it is malformed."""
    right: bool
    repairs: bool
    """Whether the tests pass that failed before the fix; where such an answer is wrong, it breaks others."""


@dataclass(frozen=True)
class TesterAnswer:
    """An answer of a tester."""

    __test__: ClassVar = False
    """No class of tests, whatever its name says to pytest."""

    id: str
    kind: str
    text: str
    code: str
    """The test file; empty where the answer is malformed."""
    right: bool
    """Whether the test fails before the fix and passes after it."""
    passes_before: bool
    passes_after: bool


@dataclass(frozen=True)
class Pool:
    """All answers to one task."""

    task: str
    coder: tuple[CoderAnswer, ...]
    tester: tuple[TesterAnswer, ...]


def pool_file(store: Path, name: str) -> Path:
    """Where the pool of the task of this id is stored."""
    return store / "pools" / f"{name}.json"


def write_pool(store: Path, pool: Pool) -> None:
    """Store a pool, in place of an earlier one of its task."""
    write_json(pool_file(store, pool.task), dataclasses.asdict(pool))


def read_pool(store: Path, name: str) -> Pool:
    """The stored pool of the task of this id. Raises FileNotFoundError."""
    row = json.loads(pool_file(store, name).read_text(encoding="utf-8"))
    coders = tuple(CoderAnswer(**each) for each in row["coder"])
    return Pool(row["task"], coders, tuple(TesterAnswer(**each) for each in row["tester"]))


async def make_pool(task: RepositoryTask, bench: Bench, seed: int = 0) -> Pool:
    """The answers to a task, with their truth. The same arguments give the same answers."""
    draw = random.Random(f"{seed} {task.id}")
    edits, tests = coder.drafts(task, draw), _fewer(tester.drafts(task), draw)
    with tempfile.TemporaryDirectory() as folder:
        repository = await asyncio.to_thread(task.build, Path(folder) / "repository")
        truth = await judge(task, repository, [draft.after for draft in edits if draft.after is not None], bench)
        before, after = await measured(task, repository, tests, bench)
    # A fault in another function that no hidden test sees is neither right nor known to be wrong.
    known = [each for each in edits if each.kind != "breaking" or not _truth(truth, each.after)[0]]
    coders = [
        CoderAnswer(f"c{at}", each.kind, each.form, each.text, each.after, *_truth(truth, each.after))
        for at, each in enumerate(known, 1)
    ]
    testers = [
        TesterAnswer(f"t{at}", each.kind, _answer(each, at, draw), each.text, now and not was, was, now)
        for at, (each, was, now) in enumerate(zip(tests, before, after, strict=True), 1)
    ]
    return Pool(task.id, tuple(coders), (*testers, *_malformed(testers, draw)))


async def judge(
    task: RepositoryTask, repository: Path, states: Iterable[Edit], bench: Bench
) -> dict[str, tuple[bool, bool]]:
    """By the name of a state (see `name_of`): whether all hidden tests pass, and those that failed before the fix.

    Test files of a state are not put into the repository: the hidden ones stand in their place.
    """
    named = {name_of(state): sources(state) for state in states}
    hidden = task.hidden
    trials = [Trial(name, state, hidden.first, hang_ends=True) for name, state in named.items() if state]
    first = await run_trials(repository, task.needs, trials, bench, hidden.files)
    repairs = {name for name, ran in first.items() if ran.passes(hidden.fail_to_pass)}
    trials = [Trial(name, named[name], hidden.run, hang_ends=True) for name in sorted(repairs)]
    all_of_them = await run_trials(repository, task.needs, trials, bench, hidden.files)
    wanted = (*hidden.fail_to_pass, *hidden.pass_to_pass)
    right = {name for name, ran in all_of_them.items() if ran.passes(wanted)}
    return {name: (name in right, name in repairs) for name in named}


def sources(state: Edit) -> dict[str, str | None]:
    """The files of a state that are no tests."""
    return {path: text for path, text in state.items() if not is_test(path)}


def name_of(state: Edit) -> str:
    """A name that is equal for states with equal files, tests left out."""
    return hashlib.sha256(json.dumps(sources(state), sort_keys=True).encode()).hexdigest()[:16]


def _truth(truth: Mapping[str, tuple[bool, bool]], state: Texts | None) -> tuple[bool, bool]:
    return (False, False) if state is None else truth[name_of(state)]


def _fewer(drafts: Sequence[tester.Drafted], draw: random.Random) -> list[tester.Drafted]:
    """At most so many tests of each kind, drawn by chance, in their order."""
    kept = []
    for kind, most in _MOST.items():
        some = [draft for draft in drafts if draft.kind == kind]
        kept += draw.sample(some, min(most, len(some)))
    return [draft for draft in drafts if draft in kept]


async def measured(
    task: RepositoryTask, repository: Path, tests: Sequence[tester.Drafted], bench: Bench
) -> tuple[list[bool], list[bool]]:
    """Whether each test passes before the fix, and after it."""
    paths = [f"{each.folder}/test_answer_{at}.py".lstrip("/") for at, each in enumerate(tests)]
    trials = []
    for start in range(0, len(tests), _TESTS_AT_ONCE):
        some = paths[start : start + _TESTS_AT_ONCE]
        texts = dict(zip(paths, (each.text for each in tests), strict=True))
        files = {path: texts[path] for path in some}
        trials.append(Trial(f"before {start}", files, tuple(some)))
        trials.append(Trial(f"after {start}", {**files, **task.fixed}, tuple(some)))
    ran = await run_trials(repository, task.needs, trials, bench)
    found = []
    for state in ("before", "after"):
        verdicts = {
            name: said for key, each in ran.items() if key.startswith(state) for name, said in each.verdicts.items()
        }
        found.append([_passes(verdicts, path) for path in paths])
    return found[0], found[1]


def _passes(verdicts: Mapping[str, str], path: str) -> bool:
    """Whether a test file has tests and all of them pass."""
    module = path.removesuffix(".py").replace("/", ".")
    said = [verdict for name, verdict in verdicts.items() if f"{name}.".replace("::", ".").startswith(f"{module}.")]
    return bool(said) and all(verdict == "pass" for verdict in said)


def _answer(draft: tester.Drafted, number: int, draw: random.Random) -> str:
    path = f"{draft.folder}/test_generated_{number}.py".lstrip("/")
    return worded(draw.choice((f"File: `{path}`\n", f"`{path}`\n", "")) + fenced(draft.text), draw)


def _malformed(right: Sequence[TesterAnswer], draw: random.Random) -> list[TesterAnswer]:
    """Answers without a test, or with half of one."""
    texts = ["The behaviour should be covered by a test of the described case, and by one of the usual case.\n"]
    whole = [each for each in right if each.right][:1]
    texts += [fenced(each.code[: len(each.code) * 3 // 5].rstrip() + " (")[: -len("```\n")] for each in whole]
    start = len(right) + 1
    return [
        TesterAnswer(f"t{at}", "malformed", worded(text, draw), "", False, False, False)
        for at, text in enumerate(texts, start)
    ]
