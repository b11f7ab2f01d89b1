"""Runs the tests of tasks on edits, in the sandbox."""

from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.repository.edit import Edits
from benchmarks.repository_edits.answers import Record, reading
from benchmarks.repository_edits.tasks import Task
from sandbox import Limits, Verdict
from sandbox.workspace import Command, open_workspace

TEST_LIMITS = Limits(cpu_s=60, wall_s=120, memory_mb=1024, output_bytes=1 << 20, processes=64)


async def judge(rows: Sequence[Record], tasks: Mapping[tuple[str, str], Task], python: str, work: Path) -> None:
    """Run the tests of each task on its applicable edits, and print the shares of right ones."""
    right: dict[str, Counter[bool]] = defaultdict(Counter)
    by_task: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in rows:
        by_task[row["source"], row["task"]].append(row)
    for key, answers in by_task.items():
        task = tasks.get(key)
        if task is None:
            continue
        verdicts: dict[str, bool] = {}
        for row in answers:
            edits = reading(row, tasks)
            ok = False
            if isinstance(edits, Edits):
                name = repr(sorted(edits.changed.items()))
                ok = verdicts[name] if name in verdicts else await _passes(task, edits, python, work)
                verdicts[name] = ok
            right[f"{row['form']} {row['source']}"][ok] += 1
    for kind, counts in sorted(right.items()):
        print(f"{kind}: {counts[True]} of {sum(counts.values())} right ({counts[True] / sum(counts.values()):.1%})")


async def _passes(task: Task, edits: Edits, python: str, work: Path) -> bool:
    """Whether the tests of the task pass with these edits."""
    folder = _tree(task, edits, work / "tree")
    if task.source == "humanevalpack":
        argv: tuple[str, ...] = (python, "check.py")
    else:
        options = ("-q", "-x", "-o", "addopts=", "-o", "filterwarnings=", "-p", "no:cacheprovider")
        argv = (python, "-m", "pytest", *options, *task.tests)
    env = {"PYTHONPATH": f"{folder}/src:{folder}", "PYTHONDONTWRITEBYTECODE": "1", "WCWIDTH_PYTHON": "1"}
    workspace = await open_workspace(folder, readable=_readable(python), say=lambda _: None)
    try:
        return (await workspace.run(Command(argv, TEST_LIMITS, env=env))).verdict is Verdict.OK
    finally:
        await workspace.close()


def _readable(python: str) -> list[Path]:
    """The folders of an interpreter and of its virtual environment."""
    return [Path(python).absolute().parents[1], Path(python).resolve().parents[1]]


def _tree(task: Task, edits: Edits, folder: Path) -> Path:
    """The folder, filled with what surrounds the task and with its files after the edits."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in task.around:
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    for path, data in {**task.files.contents, **edits.changed}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data or b"")
    if task.source == "humanevalpack":
        (folder / "check.py").write_text(task.tests[0])
    return folder
