"""A run read from its directory: configuration, metrics, checkpoints, and the journals of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.config import Config, load
from trainer.errors import TrainerError
from trainer.record.journal import StepContent, read_journal
from trainer.record.run_directory import RunDirectory
from trainer.rollout.answers import Answer, RoleName, TaskAnswers, TaskTable
from trainer.update.credit import Group

Line = dict[str, Any]
"""One line of metrics.jsonl."""


@dataclass(frozen=True)
class RecordedRun:
    """A run on disk, finished or under way."""

    path: Path
    config: Config
    steps: tuple[Line, ...]
    """Metrics of the committed steps, in order."""
    evaluations: tuple[Line, ...]
    """Metrics of the evaluations, in order."""
    checkpoints: tuple[int, ...]
    """Steps with a complete checkpoint."""
    journals: tuple[int, ...]
    """Steps with a journal, committed or under way."""

    @property
    def done(self) -> int:
        """The last committed step; 0 before the first."""
        return int(self.steps[-1]["step"]) if self.steps else 0


@dataclass(frozen=True)
class Earned:
    """Correctness, reward and advantage of one answer; None where not known, or where the answer is left out."""

    right: bool | None = None
    reward: float | None = None
    advantage: float | None = None


@dataclass(frozen=True)
class RecordedTask:
    """One task of a step; parts that the journal does not have yet are None or empty."""

    slot: int
    """The task's place in the step, counted from 0."""
    index: int
    """The problem's number in the problem set."""
    name: str
    answers: TaskAnswers | None = None
    table: TaskTable | None = None
    groups: dict[str, Group] = field(default_factory=dict)

    def of(self, role: RoleName) -> tuple[Answer, ...]:
        """The role's answers; empty where they are not sampled yet, or the task was left out."""
        return () if self.answers is None else self.answers.answers.get(role, ())

    def earned(self, role: RoleName, number: int) -> Earned:
        """Correctness, reward and advantage of the role's answer `number`."""
        if (group := self.groups.get(role)) is None:
            return Earned()
        return Earned(group.right[number] if group.right else None, group.rewards[number], group.advantages[number])


@dataclass(frozen=True)
class RecordedStep:
    """One step, committed or under way."""

    number: int
    tasks: tuple[RecordedTask, ...]
    parts: tuple[str, ...]
    """Parts of the step that are complete, in order: plan, answers, tables, rewards, update, commit."""
    too_long: int
    """Tasks left out because a prompt was too long."""
    updates: tuple[dict[str, Any], ...]
    """What the updates of each stage measured; empty before the first update."""

    @property
    def committed(self) -> bool:
        """Whether the step is committed, not under way."""
        return "commit" in self.parts

    def task(self, slot: int) -> RecordedTask:
        """The task with this slot. Raises TrainerError where there is none."""
        for task in self.tasks:
            if task.slot == slot:
                return task
        last = len(self.tasks) - 1
        known = f"its tasks are 0 to {last}" if self.tasks else "nothing is planned yet"
        raise TrainerError(f"step {self.number} has no task {slot}: {known}")


def open_run(path: Path) -> RecordedRun:
    """The run in a directory. Raises TrainerError where there is none, or its configuration cannot be read."""
    directory = RunDirectory(path)
    if not path.is_dir():
        raise TrainerError(f"{path}: no such directory; name the --out of a run")
    if not directory.config.is_file():
        raise TrainerError(f"{path} holds no training run (no config.toml); name the --out of a run")
    lines = directory.read_metrics()
    found = {
        int(file.name[5:11]) for file in directory.rollouts.glob("step-??????.jsonl*") if file.name[5:11].isdigit()
    }
    return RecordedRun(
        path,
        load(str(directory.config)),
        _of_kind(lines, "step"),
        _of_kind(lines, "evaluation"),
        tuple(step for step, _ in directory.checkpoints()),
        tuple(sorted(found)),
    )


def _of_kind(lines: Sequence[Line], kind: str) -> tuple[Line, ...]:
    """The lines of this kind in order, one for each step: the last written, where a step was repeated."""
    by_step = {int(line["step"]): line for line in lines if line["kind"] == kind}
    return tuple(by_step[step] for step in sorted(by_step))


def open_step(run: RecordedRun, number: int) -> RecordedStep:
    """A step of the run, committed or under way. Raises TrainerError where it has no journal."""
    rollouts = RunDirectory(run.path).rollouts
    for _ in range(2):
        try:
            # A second try: between being looked for and being read, a journal may be compressed and renamed.
            return _step(number, StepContent.of(read_journal(rollouts, number)))
        except FileNotFoundError:
            continue
    known = f"it has steps {ranges(run.journals)}" if run.journals else "it has none yet"
    raise TrainerError(f"{run.path} has no record of step {number}: {known}")


def _step(number: int, found: StepContent) -> RecordedStep:
    answers = {task_answers.slot: task_answers for task_answers in found.answers}
    tables = {table.slot: table for table in found.tables}
    groups: dict[int, dict[str, Group]] = {}
    for group in found.groups:
        groups.setdefault(group.slot, {})[group.role] = group
    tasks = tuple(
        RecordedTask(slot, index, name, answers.get(slot), tables.get(slot), groups.get(slot, {}))
        for slot, (index, name) in enumerate(found.tasks)
    )
    return RecordedStep(number, tasks, tuple(found.parts), found.too_long, tuple(found.updates))


def ranges(numbers: Sequence[int]) -> str:
    """Ascending numbers in words, such as `1 to 7, 9`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def statement_of(run: RecordedRun, task: RecordedTask) -> tuple[str | None, str]:
    """The statement of the task's problem, or None and the reason why it is not known.

    The journal has only the problem's number and name; the text is in the problem set that the configuration names.
    """
    from cure.errors import ProblemError
    from trainer.rollout.tasks import open_tasks

    data = run.config.data
    try:
        tasks = open_tasks(data.problems, run.config.seed, "train", run.config.labels.source == "data")
        problem = tasks.problem(task.index)
    except (TrainerError, ProblemError, OSError) as error:
        return None, f"the problem set cannot be read here: {error}"
    except IndexError:
        return None, f"{data.problems} has no problem {task.index} any more"
    if problem.name != task.name:
        return None, f"{data.problems} has another problem in place {task.index}: {problem.name!r}"
    return problem.question, ""
