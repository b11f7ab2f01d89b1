"""The journal of a step, which is also its rollout log: what was sampled, run, earned and learned, line by line.

While the step is under way it is `step-NNNNNN.jsonl`; a committed step is compressed beside it and the open file goes.
A step that was cut short is taken up behind its last complete part, so no answer that was paid for is asked for again.
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import zstandard

from trainer.record.whole import write_whole
from trainer.rollout.answers import TaskAnswers, TaskTable
from trainer.update.credit import Group

PARTS = ("plan", "answers", "tables", "rewards", "update", "commit")
"""Parts of a step in their order; each ends with a line `{"done": PART}`. There is an `update` for each stage."""
VERSION = 1


class Journal:
    """The open journal of one step."""

    def __init__(self, directory: Path, step: int) -> None:
        self.step = step
        self._open_file = directory / f"step-{step:06d}.jsonl"
        self._closed_file = closed_file(directory, step)
        self.answers: list[TaskAnswers] = []
        self.tables: list[TaskTable] = []
        self.too_long = 0
        """Known from an earlier attempt at this step: empty lists where it did not come so far."""
        self.seconds: dict[str, float] = {}
        self._read_what_is_there()
        self._open_file.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._open_file.open("a", encoding="utf-8")

    def _read_what_is_there(self) -> None:
        """Take what whole parts an earlier attempt left, and cut the file behind them."""
        records, sizes = [], [0]
        if self._closed_file.is_file():
            lines: Iterator[bytes] = iter(_decompressed(self._closed_file))
        elif self._open_file.is_file():
            lines = iter(self._open_file.read_bytes().splitlines(keepends=True))
        else:
            return
        for line in lines:
            if not line.endswith(b"\n"):
                break
            try:
                records.append(json.loads(line))
            except ValueError:
                break
            sizes.append(sizes[-1] + len(line))
        ends = {record["done"]: number for number, record in enumerate(records) if "done" in record}
        whole = 0
        for part in ("plan", "answers", "tables"):
            if part not in ends:
                break
            whole = ends[part] + 1
        for record in records[:whole]:
            if "answers" in record:
                self.answers.append(TaskAnswers.from_record(record["answers"]))
            elif "table" in record:
                self.tables.append(TaskTable.from_record(record["table"]))
            elif "seconds" in record:
                self.seconds |= record["seconds"]
            elif "too_long" in record:
                self.too_long = record["too_long"]
        kept = b"".join(json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in records[:whole])
        write_whole(self._open_file, kept)
        self._closed_file.unlink(missing_ok=True)

    def plan(self, tasks: Sequence[tuple[int, str]]) -> None:
        """Write which problems (index, name) the step works on, once."""
        if self._open_file.stat().st_size == 0:
            self._write({"version": VERSION, "step": self.step, "tasks": [list(task) for task in tasks]})
            self._done("plan")

    def keep_answers(self, answers: Sequence[TaskAnswers], too_long: int) -> None:
        """Write what was sampled."""
        for one in answers:
            self._write({"answers": one.to_record()})
        self._write({"too_long": too_long})
        self._done("answers")
        self.answers = list(answers)

    def keep_tables(self, tables: Sequence[TaskTable], seconds: dict[str, float]) -> None:
        """Write what came of running it, and how long both took."""
        for table in tables:
            self._write({"table": table.to_record()})
        self._write({"seconds": seconds})
        self._done("tables")
        self.tables = list(tables)

    def keep_rewards(self, groups: Sequence[Group]) -> None:
        """Write what each answer earned."""
        for group in groups:
            self._write(
                {
                    "group": {
                        "slot": group.slot,
                        "role": group.role,
                        "outcome": group.outcome,
                        "rewards": group.rewards,
                        "advantages": group.advantages,
                        "right": group.right,
                    }
                }
            )
        self._done("rewards")

    def keep_update(self, stage: str, measured: dict[str, Any]) -> None:
        """Write what an update measured. It is made again when the step is taken up, from the last checkpoint."""
        self._write({"update": {"stage": stage, **measured}})
        self._done("update")

    def commit(self) -> None:
        """Close the step: its journal is compressed and stays as the rollout log."""
        self._done("commit")
        self._file.close()
        packed = zstandard.ZstdCompressor(level=6).compress(self._open_file.read_bytes())
        write_whole(self._closed_file, packed)
        self._open_file.unlink()

    def close(self) -> None:
        """Leave the step as it is, to be taken up later."""
        self._file.close()

    def _write(self, record: dict[str, Any]) -> None:
        self._file.write(json.dumps(record, separators=(",", ":")) + "\n")

    def _done(self, part: str) -> None:
        self._write({"done": part})
        self._file.flush()
        os.fsync(self._file.fileno())


def closed_file(directory: Path, step: int) -> Path:
    """Where the journal of a committed step lies."""
    return directory / f"step-{step:06d}.jsonl.zst"


def read_journal(directory: Path, step: int) -> list[dict[str, Any]]:
    """The records of a step, committed or under way; FileNotFoundError when there is none."""
    closed, still_open = closed_file(directory, step), directory / f"step-{step:06d}.jsonl"
    lines = _decompressed(closed) if closed.is_file() else still_open.read_bytes().splitlines()
    records = []
    for line in lines:
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    return records


def _decompressed(file: Path) -> list[bytes]:
    with file.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        return io.BufferedReader(stream).read().splitlines(keepends=True)
