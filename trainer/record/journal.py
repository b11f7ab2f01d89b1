"""The journal of a step, which is also its rollout log: its answers, tables, rewards and updates, line by line.

The parts of a step are plan, answers, tables, rewards, an update for each stage, and commit; each ends with a line
`{"done": PART}`. While the step is under way the journal is `step-NNNNNN.jsonl`; with the commit it is compressed to
`step-NNNNNN.jsonl.zst`. A step that is repeated, because it was cut short or no checkpoint followed it, continues after
its answers or its tables, if they are complete, so neither is made twice; rewards and updates are made again.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard
from pydantic import TypeAdapter

from cure.json_lines import complete_records
from engines import write_atomically
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.update.credit import Group

_GROUP = TypeAdapter(Group)
VERSION = 1
"""Version of the journal's format, in its first line."""


@dataclass(kw_only=True)
class StepContent:
    """The content of a step's journal."""

    tasks: list[tuple[int, str]] = field(default_factory=list)
    """Index and name of each task's problem, in the order of slots."""
    answers: list[TaskAnswers] = field(default_factory=list)
    tables: list[TaskTable] = field(default_factory=list)
    too_long: int = 0
    """Tasks left out because a prompt was too long."""
    groups: list[Group] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    """What each stage's updates measured."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Seconds spent on each phase until the tables were complete."""
    parts: dict[str, None] = field(default_factory=dict)
    """Names of the complete parts, in order."""

    @staticmethod
    def of(records: Iterable[dict[str, Any]]) -> StepContent:
        """The content that a journal's records stand for."""
        found = StepContent()
        for record in records:
            if "tasks" in record:
                found.tasks = [(int(index), str(name)) for index, name in record["tasks"]]
            elif "answers" in record:
                found.answers.append(TaskAnswers.from_record(record["answers"]))
            elif "table" in record:
                found.tables.append(TaskTable.from_record(record["table"]))
            elif "too_long" in record:
                found.too_long = int(record["too_long"])
            elif "group" in record:
                found.groups.append(_GROUP.validate_python(record["group"]))
            elif "update" in record:
                found.updates.append(record["update"])
            elif "seconds" in record:
                found.seconds |= record["seconds"]
            elif "done" in record:
                found.parts[str(record["done"])] = None
        return found


class Journal:
    """The open journal of one step."""

    def __init__(self, directory: Path, step: int) -> None:
        """Open the journal. Of a step that is repeated only plan, answers and tables are kept, as far as complete."""
        self.step = step
        self.known = StepContent()
        """What is kept from an earlier attempt at the step: plan, answers and tables, as far as these are complete."""
        self._open_file = _open_file(directory, step)
        self._closed_file = closed_file(directory, step)
        self._open_file.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            self._continue(read_journal(directory, step))
        self._file = self._open_file.open("a", encoding="utf-8")

    def _continue(self, records: Sequence[dict[str, Any]]) -> None:
        """Read the records of plan, answers and tables, as far as complete, and leave only these in the file."""
        ends = {record["done"]: number for number, record in enumerate(records) if "done" in record}
        complete = 0
        for part in ("plan", "answers", "tables"):
            if part not in ends:
                break
            complete = ends[part] + 1
        self.known = StepContent.of(records[:complete])
        write_atomically(self._open_file, map(_line, records[:complete]))
        self._closed_file.unlink(missing_ok=True)

    def write(self, part: str, records: Iterable[dict[str, Any]]) -> None:
        """Write the records of a part; the part is complete, and on disk, when this returns."""
        self._file.writelines(map(_line, records))
        self._done(part)

    def commit(self) -> None:
        """Close the step: its journal is compressed and stays as the rollout log."""
        self._done("commit")
        self._file.close()
        write_atomically(self._closed_file, zstandard.ZstdCompressor(level=6).compress(self._open_file.read_bytes()))
        self._open_file.unlink()

    def close(self) -> None:
        """Close the file. A step that is not committed can be continued later."""
        self._file.close()

    def _done(self, part: str) -> None:
        self._file.write(_line({"done": part}))
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
