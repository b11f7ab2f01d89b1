"""Writes down what a run does. Every process has one; only the first writes, and tells the others what was known."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.config import Config
from trainer.distributed.world import World
from trainer.policy.protocol import Update
from trainer.record.journal import Journal
from trainer.record.measure import Metrics
from trainer.record.run_directory import RunDirectory
from trainer.record.trackers import Trackers
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.rollout.tasks import Task
from trainer.update.credit import Group


class Recorder:
    """The records of a run."""

    def __init__(self, path: Path, config: Config, world: World) -> None:
        """Begin the run in `path`, or take it up behind its last checkpoint. Raises TrainerError."""
        self.directory = RunDirectory(path)
        self.config = config
        self.world = world
        self.step: int = world.share(lambda: self.directory.open(config))
        """Of the checkpoint that the run goes on from."""
        self._evaluated = set(world.share(self._evaluated_steps))
        self._trackers = Trackers(config.trackers, path, config) if world.rank == 0 else None

    @property
    def last_checkpoint(self) -> Path | None:
        """Where the run goes on from; None at the beginning."""
        return self.directory.checkpoint(self.step) if self.step else None

    def _evaluated_steps(self) -> list[int]:
        if not self.directory.metrics.is_file():
            return []
        lines = map(json.loads, self.directory.metrics.read_text(encoding="utf-8").splitlines())
        return [line["step"] for line in lines if line["kind"] == "evaluation"]

    def is_evaluated(self, step: int) -> bool:
        """Whether the evaluation after this step is recorded."""
        return step in self._evaluated

    def evaluated(self, step: int, metrics: Metrics) -> None:
        """Record an evaluation."""
        self._evaluated.add(step)
        self.append("evaluation", step, metrics)

    def append(self, kind: str, step: int, metrics: Metrics) -> None:
        """Write a line of metrics and hand it to the trackers; on rank 0 alone."""
        if self._trackers is not None:
            self.world.share(lambda: self.directory.append_metrics({"step": step, "kind": kind, **metrics}))
            self._trackers.log(step, metrics)
        else:
            self.world.share(lambda: None)

    @contextmanager
    def step_record(self, step: int) -> Iterator[StepRecord]:
        """The record of a step, open while the step is under way."""
        journal = self.world.share_local(lambda: self.directory.journal(step))
        record = StepRecord(step, journal, self)
        try:
            yield record
        finally:
            if journal is not None:
                journal.close()

    def checkpoint_state(self, step: int) -> dict[str, Any]:
        """What a checkpoint says about itself."""
        return {
            "step": step,
            "processes": self.world.size,
            "seed": self.config.seed,
            "python": platform.python_version(),
            "versions": _versions(),
        }

    def close(self) -> None:
        """Let the trackers write what they hold."""
        if self._trackers is not None:
            self._trackers.close()


class StepRecord:
    """The journal of one step, and where its time goes."""

    def __init__(self, step: int, journal: Journal | None, recorder: Recorder) -> None:
        self.step = step
        self._journal = journal
        self._recorder = recorder
        self._begun = time.monotonic()
        known = recorder.world.share(
            lambda: None if journal is None else (journal.answers, journal.tables, journal.too_long, journal.seconds)
        )
        assert known is not None
        self.known_answers: list[TaskAnswers] = known[0]
        self.known_tables: list[TaskTable] = known[1]
        self.too_long: int = known[2]
        self._seconds: dict[str, float] = dict(known[3])
        self.has_answers = bool(self.known_answers)
        self.has_tables = bool(self.known_tables)
        self.replayed = self.has_tables

    @contextmanager
    def clock(self, phase: str) -> Iterator[None]:
        """Count the time inside towards a phase."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self._seconds[phase] = self._seconds.get(phase, 0.0) + time.monotonic() - begun

    def plan(self, tasks: Sequence[Task]) -> None:
        """Record which tasks the step has."""
        self._write(lambda journal: journal.plan([(task.index, task.problem.name) for task in tasks]))

    def answers(self, answers: list[TaskAnswers], too_long: int) -> None:
        """Record what was sampled."""
        self.known_answers, self.too_long = answers, too_long
        self._write(lambda journal: journal.keep_answers(answers, too_long))

    def tables(self, tables: list[TaskTable], seconds: dict[str, float]) -> None:
        """Record what came of running it."""
        self.known_tables = tables
        self._seconds |= seconds
        self._write(lambda journal: journal.keep_tables(tables, dict(self._seconds)))

    def rewards(self, groups: Sequence[Group]) -> None:
        """Record what was earned."""
        self._write(lambda journal: journal.keep_rewards(groups))

    def update(self, stage: str, updates: Sequence[Update]) -> None:
        """Record what a stage measured."""
        self._write(lambda journal: journal.keep_update(stage, {"updates": [asdict(update) for update in updates]}))

    def commit(self, metrics: Metrics) -> Metrics:
        """Close the step: journal compressed, metrics written. Returns the times, to be shown with the metrics."""
        total = time.monotonic() - self._begun
        known = sum(self._seconds.values())
        times: Metrics = {f"seconds/{name}": round(value, 4) for name, value in self._seconds.items()}
        if not self.replayed:
            times |= {"seconds/other": round(total - known, 4), "seconds/step": round(total, 4)}
        self._write(Journal.commit)
        self._recorder.append("step", self.step, metrics | times)
        return times

    def _write(self, write: Any) -> None:
        """Let the first process write; an error there (a full disk) is raised on all."""
        journal = self._journal

        def attempt() -> None:
            if journal is not None:
                write(journal)

        self._recorder.world.share(attempt)


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("cure-agent", "torch", "transformers", "deepspeed", "vllm"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
