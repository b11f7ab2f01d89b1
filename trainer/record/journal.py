"""The journal of a step, which is also its rollout log: what was sampled, run, earned and learned, line by line.

The parts of a step are plan, answers, tables, rewards, an update for each stage, and commit; each ends with a line
`{"done": PART}`. While the step is under way the journal is `step-NNNNNN.jsonl`; with the commit it is compressed to
`step-NNNNNN.jsonl.zst`. A step that was cut short continues after its last complete part, so no answer is sampled
twice.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import zstandard

from cure.json_lines import complete_records
from engines import write_atomically
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.update.credit import Group

VERSION = 1
"""Version of the journal's format, in its first line."""


class Journal:
    """The open journal of one step, and what an earlier attempt at the step left in it."""

    answers: list[TaskAnswers]
    """Empty where no attempt sampled all answers."""
    tables: list[TaskTable]
    """Empty where no attempt completed all tables."""
    too_long: int
    """Tasks left out because a prompt was too long."""
    seconds: dict[str, float]
    """Time spent on the parts that are complete, by phase."""

    def __init__(self, directory: Path, step: int) -> None:
        """Open the journal, truncated after the last part that an earlier attempt completed."""
        self.step = step
        self.answers, self.tables, self.too_long, self.seconds = [], [], 0, {}
        self._open_file = _open_file(directory, step)
        self._closed_file = closed_file(directory, step)
        self._open_file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self._continue(read_journal(directory, step))
        self._file = self._open_file.open("a", encoding="utf-8")

    def _continue(self, records: Sequence[dict[str, Any]]) -> None:
        """Load the records up to the last complete part, and leave only them in the file."""
        ends = {record["done"]: number for number, record in enumerate(records) if "done" in record}
        complete = 0
        for part in ("plan", "answers", "tables"):
            if part not in ends:
                break
            complete = ends[part] + 1
        for record in records[:complete]:
            if "answers" in record:
                self.answers.append(TaskAnswers.from_record(record["answers"]))
            elif "table" in record:
                self.tables.append(TaskTable.from_record(record["table"]))
            elif "seconds" in record:
                self.seconds |= record["seconds"]
            elif "too_long" in record:
                self.too_long = record["too_long"]
        write_atomically(self._open_file, map(_line, records[:complete]))
        self._closed_file.unlink(missing_ok=True)

    def plan(self, tasks: Sequence[tuple[int, str]]) -> None:
        """Write which problems (index, name) the step works on, unless an earlier attempt did."""
        if self._open_file.stat().st_size == 0:
            self._write({"version": VERSION, "step": self.step, "tasks": [list(task) for task in tasks]})
            self._done("plan")

    def keep_answers(self, answers: Sequence[TaskAnswers], too_long: int) -> None:
        """Write the sampled answers."""
        for task_answers in answers:
            self._write({"answers": task_answers.to_record()})
        self._write({"too_long": too_long})
        self._done("answers")

    def keep_tables(self, tables: Sequence[TaskTable], seconds: dict[str, float]) -> None:
        """Write the tables, and the seconds spent on answers and tables."""
        for table in tables:
            self._write({"table": table.to_record()})
        self._write({"seconds": seconds})
        self._done("tables")

    def keep_rewards(self, groups: Sequence[Group]) -> None:
        """Write the rewards and advantages of each group."""
        for group in groups:
            kept = ("slot", "role", "outcome", "rewards", "advantages", "right")
            self._write({"group": {name: getattr(group, name) for name in kept}})
        self._done("rewards")

    def keep_update(self, stage: str, measured: dict[str, Any]) -> None:
        """Write what an update measured. A step that is continued makes its updates again, from the last checkpoint."""
        self._write({"update": {"stage": stage, **measured}})
        self._done("update")

    def commit(self) -> None:
        """Close the step: its journal is compressed and stays as the rollout log."""
        self._done("commit")
        self._file.close()
        write_atomically(self._closed_file, zstandard.ZstdCompressor(level=6).compress(self._open_file.read_bytes()))
        self._open_file.unlink()

    def close(self) -> None:
        """Close the file. A step that is not committed can be continued later."""
        self._file.close()

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(_line(record))

    def _done(self, part: str) -> None:
        self._write({"done": part})
        self._file.flush()
        os.fsync(self._file.fileno())


def closed_file(directory: Path, step: int) -> Path:
    """The path of a committed step's journal."""
    return directory / f"step-{step:06d}.jsonl.zst"


def read_journal(directory: Path, step: int) -> list[dict[str, Any]]:
    """The complete records of a step, committed or under way. Raises FileNotFoundError where there are none."""
    closed = closed_file(directory, step)
    if closed.is_file():
        with closed.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
            return [record for _, record in complete_records(io.BufferedReader(stream))]
    with _open_file(directory, step).open("rb") as file:
        return [record for _, record in complete_records(file)]


def _open_file(directory: Path, step: int) -> Path:
    return directory / f"step-{step:06d}.jsonl"


def _line(record: dict[str, Any]) -> str:
    return json.dumps(record, separators=(",", ":")) + "\n"
