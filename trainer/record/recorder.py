"""Records a run. Every process has a recorder; only the first process reads and writes, the others get the results."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from trainer.config import Config
from trainer.distributed.world import World
from trainer.policy.policy import Update
from trainer.record.journal import VERSION, Journal, StepContent
from trainer.record.measure import Metrics
from trainer.record.run_directory import RunDirectory
from trainer.record.trackers import Trackers
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.rollout.tasks import Task
from trainer.update.credit import Group


class Recorder:
    """The record of a run."""

    def __init__(self, path: Path, config: Config, world: World) -> None:
        """Begin the run in `path`, or continue it from its last checkpoint.

        Raises TrainerError where `path` holds another run, or a tracker cannot be opened.
        """
        self.directory = RunDirectory(path)
        self.config = config
        self.world = world
        self.step: int = world.share(lambda: self.directory.open(config))
        """Step of the checkpoint that the run continues from; 0 at the beginning."""
        lines: list[dict[str, Any]] = world.share(self.directory.read_metrics)
        self._evaluated = {line["step"] for line in lines if line["kind"] == "evaluation"}
        self._trackers = Trackers(config.trackers, path, config) if world.rank == 0 else None

    @property
    def last_checkpoint(self) -> Path | None:
        """The checkpoint that the run continues from; None at the beginning."""
        return self.directory.checkpoint(self.step) if self.step else None

    def is_evaluated(self, step: int) -> bool:
        """Whether the evaluation after this step is recorded."""
        return step in self._evaluated

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """Record an evaluation."""
        self._evaluated.add(step)
        self.append("evaluation", step, metrics)

    def append(self, kind: str, step: int, metrics: Metrics) -> None:
        """Add a line of this kind to the metrics, and pass it on to the trackers."""
        self.world.share(lambda: self.directory.append_metrics({"step": step, "kind": kind, **metrics}))
        if self._trackers is not None:
            self._trackers.log(step, metrics)

    @contextmanager
    def step_record(self, step: int) -> Iterator[StepRecord]:
        """A context with the record of a step, whose journal is closed at the end."""
        journal = self.world.share_local(lambda: Journal(self.directory.rollouts, step))
        try:
            yield StepRecord(step, journal, self)
        finally:
            if journal is not None:
                journal.close()

    def checkpoint_state(self, step: int) -> dict[str, Any]:
        """The content of a checkpoint's `state.json`: its step, and what the run was made with."""
        return {
            "step": step,
            "processes": self.world.size,
            "seed": self.config.seed,
            "python": platform.python_version(),
            "versions": _versions(),
        }

    def close(self) -> None:
        """Close the trackers, which then write the numbers they have buffered."""
        if self._trackers is not None:
            self._trackers.close()


class StepRecord:
    """The journal of one step, and the time spent on each of its phases."""

    def __init__(self, step: int, journal: Journal | None, recorder: Recorder) -> None:
        """`journal` is None in all processes but the first."""
        self.step = step
        self._journal = journal
        self._recorder = recorder
        self._begun = time.monotonic()
        self.known = recorder.world.share(lambda: StepContent() if journal is None else journal.known)
        """Recorded content of the step, from before an interruption of the run, if there was one, and from since."""
        self._seconds = dict(self.known.seconds)
        self._repeated = self.has_tables

    @property
    def has_answers(self) -> bool:
        """Whether all answers are recorded."""
        return bool(self.known.answers)

    @property
    def has_tables(self) -> bool:
        """Whether all tables are recorded."""
        return bool(self.known.tables)

    @contextmanager
    def clock(self, phase: str) -> Iterator[None]:
        """A context whose time is added to a phase."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._seconds[phase] = self._seconds.get(phase, 0.0) + time.monotonic() - begun

    def plan(self, tasks: Sequence[Task]) -> None:
        """Record the step's tasks, unless they were recorded before an interruption of the run."""
        if "plan" not in self.known.parts:
            named = [[task.index, task.problem.name] for task in tasks]
            self._write("plan", lambda: [{"version": VERSION, "step": self.step, "tasks": named}])

    def answers(self, answers: list[TaskAnswers], too_long: int) -> None:
        """Record the sampled answers."""
        self.known.answers, self.known.too_long = answers, too_long
        self._write("answers", lambda: [*({"answers": task.to_record()} for task in answers), {"too_long": too_long}])

    def tables(self, tables: list[TaskTable], seconds: dict[str, float]) -> None:
        """Record the tables, and the seconds of each phase so far; `seconds` has those not timed by `clock`."""
        self.known.tables = tables
        self._seconds |= seconds
        self._write("tables", lambda: [*({"table": table.to_record()} for table in tables), {"seconds": self._seconds}])

    def rewards(self, groups: Sequence[Group]) -> None:
        """Record rewards and advantages."""
        kept = ("slot", "role", "outcome", "rewards", "advantages", "right")
        self._write("rewards", lambda: [{"group": {name: getattr(group, name) for name in kept}} for group in groups])

    def update(self, stage: str, updates: Sequence[Update]) -> None:
        """Record what a stage's updates measured. A continued step makes its updates again."""
        self._write("update", lambda: [{"update": {"stage": stage, "updates": [asdict(update) for update in updates]}}])

    def commit(self, metrics: Metrics) -> Metrics:
        """The seconds of each phase, after compressing the journal and writing the metrics with these seconds."""
        total = time.monotonic() - self._begun
        times: Metrics = {f"seconds/{name}": round(value, 4) for name, value in self._seconds.items()}
        if not self._repeated:
            rest = total - sum(self._seconds.values())
            times |= {"seconds/other": round(rest, 4), "seconds/step": round(total, 4)}
        self._in_first_process(Journal.commit)
        self._recorder.append("step", self.step, metrics | times)
        return times

    def _write(self, part: str, records: Callable[[], Iterable[dict[str, Any]]]) -> None:
        self._in_first_process(lambda journal: journal.write(part, records()))

    def _in_first_process(self, write: Callable[[Journal], None]) -> None:
        """Write in the first process; an error there (a full disk) is raised in all."""
        journal = self._journal
        self._recorder.world.share(lambda: None if journal is None else write(journal))


def _versions() -> dict[str, str]:
    """Versions of the packages that the weights depend on, where they are installed."""
    found = {}
    for name in ("cure-agent", "torch", "transformers", "deepspeed", "vllm"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
