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
from benchmarks.repository_tasks.definitions import places
from benchmarks.repository_tasks.pools import CoderAnswer, Pool, judge, name_of
from benchmarks.repository_tasks.task import RepositoryTask
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
    answer: CoderAnswer
    refused: str
    """Why the answer was refused; empty where it was applied."""
    right: bool
    """Whether the files that came out pass all hidden tests."""


async def apply_all(task: RepositoryTask, pool: Pool, bench: Bench) -> list[Applied]:
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
            "" if isinstance(edits, Edits) else f"{edits.reason}: {edits.detail}",
            answer.id in states and truth[name_of(states[answer.id])][0],
        )
        for answer, edits in read
    ]


def table(applied: Sequence[Applied]) -> str:
    """A line per kind and form: how many answers, how many were applied, and how many have another truth now."""
    kinds = sorted({(each.answer.right, each.answer.kind, each.answer.form) for each in applied}, reverse=True)
    lines = [f"{'truth':7}{'kind':14}{'form':14}{'answers':>8}{'applied':>9}{'other truth':>13}  refused because"]
    for right, kind, form in kinds:
        some = [
            each for each in applied if (each.answer.right, each.answer.kind, each.answer.form) == (right, kind, form)
        ]
        other = sum(each.right != right for each in some)
        done = sum(not each.refused for each in some)
        why = Counter(each.refused.partition(":")[0] for each in some if each.refused)
        reasons = ", ".join(f"{reason} {count}" for reason, count in why.most_common())
        lines.append(f"{'right' if right else 'wrong':7}{kind:14}{form:14}{len(some):8}{done:9}{other:13}  {reasons}")
    return "\n".join(line.rstrip() for line in lines)


def _texts(edits: Edits) -> Mapping[str, str | None]:
    changed = edits.changed.items()
    return {path: None if data is None else data.decode("utf-8", "surrogateescape") for path, data in changed}


def _place(task: RepositoryTask, path: str, name: str) -> Place:
    found = places(task.read(path))[name]
    return Place(path, name, found.start + 1, found.end)


def _file(task: RepositoryTask, path: str) -> Place:
    return Place(path, "", 1, task.read(path).count("\n") + 1)
