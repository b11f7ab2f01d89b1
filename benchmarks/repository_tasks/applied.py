"""Reads the pools' answers as the agent reads them, and compares what comes out with what was measured."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.repository.edit import Edits, Place, read_edits
from agent.repository.files import blob_name
from agent.repository.prompts import GeneratedTest, read_test
from benchmarks.repository_tasks.definitions import places
from benchmarks.repository_tasks.pools import CoderAnswer, Pool, TesterAnswer, judge, measured, name_of
from benchmarks.repository_tasks.task import RepositoryTask
from benchmarks.repository_tasks.tester import Drafted
from benchmarks.repository_tasks.trials import Bench


@dataclass(frozen=True)
class Folder:
    """The files of a folder."""

    root: Path
    paths: Sequence[str]

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises KeyError where there is no such file."""
        if path not in self.paths:
            raise KeyError(path)
        return (self.root / path).read_bytes()

    def blob(self, path: str) -> str:
        """Git's name of the contents."""
        return blob_name(self.read(path))


@dataclass(frozen=True)
class Applied:
    """What reading one answer gave."""

    task: str
    answer: CoderAnswer | TesterAnswer
    refused: str
    """Why the answer was refused; empty where it was applied."""
    right: bool
    """Whether what came out is right."""

    @property
    def form(self) -> str:
        """The form of an edit; `test` for a test."""
        return self.answer.form if isinstance(self.answer, CoderAnswer) else "test"


async def apply_edits(task: RepositoryTask, pool: Pool, bench: Bench) -> list[Applied]:
    """Each answer of the coder as it is read where the changed functions were shown, and the truth of the result."""
    with tempfile.TemporaryDirectory() as folder:
        repository = await asyncio.to_thread(task.build, Path(folder) / "repository")
        inside = [path.relative_to(repository) for path in repository.rglob("*") if path.is_file()]
        files = Folder(repository, sorted(path.as_posix() for path in inside if path.parts[0] != ".git"))
        shown = [_place(task, each.path, each.name) for each in task.changed]
        shown += [_file(task, path) for path in task.fixed if all(place.path != path for place in shown)]
        read = [(answer, read_edits(answer.text, files, shown)) for answer in pool.coder]
        states = {answer.id: _texts(edits) for answer, edits in read if isinstance(edits, Edits)}
        truth = await judge(task, repository, states.values(), bench)
    return [
        Applied(
            task.id,
            answer,
            "" if isinstance(edits, Edits) else edits.reason.value,
            answer.id in states and truth[name_of(states[answer.id])][0],
        )
        for answer, edits in read
    ]


async def apply_tests(task: RepositoryTask, pool: Pool, bench: Bench) -> list[Applied]:
    """Each answer of the tester as it is read, run before and after the fix beside the hidden tests."""
    place = next(path for path in task.hidden.files if path.endswith(".py") and "test" in path).rpartition("/")[0]
    read = [(answer, read_test(answer.text, _imports(task))) for answer in pool.tester]
    usable = {answer.id: test.source for answer, test in read if isinstance(test, GeneratedTest)}
    with tempfile.TemporaryDirectory() as folder:
        repository = await asyncio.to_thread(task.build, Path(folder) / "repository")
        drafts = [Drafted("", source, place) for source in usable.values()]
        before, after = await measured(task, repository, drafts, bench)
    right = {name for name, was, now in zip(usable, before, after, strict=True) if now and not was}
    return [
        Applied(task.id, answer, "" if isinstance(test, GeneratedTest) else test.reason.value, answer.id in right)
        for answer, test in read
    ]


def table(applied: Sequence[Applied]) -> str:
    """A line per kind and form: how many answers, how many were applied, and how many have another truth now."""
    kinds = sorted({(each.answer.right, each.form, each.answer.kind) for each in applied}, reverse=True)
    lines = [f"{'truth':7}{'form':14}{'kind':18}{'answers':>8}{'applied':>9}{'other truth':>13}  refused because"]
    for right, form, kind in kinds:
        some = [each for each in applied if (each.answer.right, each.form, each.answer.kind) == (right, form, kind)]
        other = sum(each.right != right for each in some)
        done = sum(not each.refused for each in some)
        why = Counter(each.refused for each in some if each.refused)
        reasons = ", ".join(f"{reason} {count}" for reason, count in why.most_common())
        lines.append(f"{'right' if right else 'wrong':7}{form:14}{kind:18}{len(some):8}{done:9}{other:13}  {reasons}")
    return "\n".join(line.rstrip() for line in lines)


def _imports(task: RepositoryTask) -> str:
    """Lines that import the changed functions, or the classes that they belong to."""
    lines = []
    for each in task.changed:
        module = each.path.removesuffix(".py").removesuffix("/__init__").removeprefix("src/").replace("/", ".")
        lines.append(f"from {module} import {each.name.partition('.')[0]}")
    return "\n".join(dict.fromkeys(lines))


def _texts(edits: Edits) -> Mapping[str, str | None]:
    changed = edits.changed.items()
    return {path: None if data is None else data.decode("utf-8", "surrogateescape") for path, data in changed}


def _place(task: RepositoryTask, path: str, name: str) -> Place:
    found = places(task.read(path))[name]
    return Place(path, name, found.start + 1, found.end)


def _file(task: RepositoryTask, path: str) -> Place:
    return Place(path, "", 1, task.read(path).count("\n") + 1)
