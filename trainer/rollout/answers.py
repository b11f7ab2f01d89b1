"""What was sampled for a task, and what came of running it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

import numpy as np

from cure.problem import TestOrigin, UnitTest
from cure.reward import Booleans
from engines import Finish

RoleName = Literal["coder", "tester", "labels"]
"""`labels` is the frozen tester of label-free training."""


@dataclass(frozen=True)
class Answer:
    """One sampled answer, in the tokens it was sampled in."""

    text: str
    finish: Finish
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    """Of each token under the distribution it was drawn from."""
    version: str = ""
    """Of the weights that wrote it."""
    error: str = ""

    @property
    def truncated(self) -> bool:
        """Whether it was cut at the most tokens allowed."""
        return self.finish == "length"


@dataclass(frozen=True)
class TaskAnswers:
    """All answers to one task."""

    slot: int
    index: int
    prompts: dict[RoleName, tuple[int, ...]]
    """Token ids; empty for an engine that takes text."""
    answers: dict[RoleName, tuple[Answer, ...]]

    def to_record(self) -> dict[str, Any]:
        """The answers as JSON."""
        return asdict(self)

    @staticmethod
    def from_record(record: dict[str, Any]) -> TaskAnswers:
        """What `to_record` wrote."""
        prompts = {cast(RoleName, role): tuple(ids) for role, ids in record["prompts"].items()}
        answers = {
            cast(RoleName, role): tuple(
                Answer(**{**one, "token_ids": tuple(one["token_ids"]), "logprobs": tuple(one["logprobs"])})
                for one in many
            )
            for role, many in record["answers"].items()
        }
        return TaskAnswers(record["slot"], record["index"], prompts, answers)


@dataclass(frozen=True)
class TaskTable:
    """The execution table of one task: a row for each answer of the coder, columns for labels and generated tests."""

    slot: int
    programs: tuple[str | None, ...]
    """What was read from each of the coder's answers."""
    tests: tuple[UnitTest | None, ...]
    """What was read from each of the tester's answers."""
    labels: tuple[UnitTest, ...]
    """The tests that decide what is right."""
    label_passes: Booleans
    """(programs, labels); a missing program passes nothing."""
    test_passes: Booleans
    """(programs, tests read); columns in the order of the tests that are not None."""
    unknown: tuple[bool, ...]
    """Per program, whether the sandbox failed on any of its executions: nothing is said about it then."""
    reference: tuple[bool, ...] | None = None
    """Per test read, whether the reference solution passes it; None where there is no such solution."""
    executions: int = 0
    timeouts: int = 0
    seconds: float = 0.0
    """From the first execution to the last."""
    notes: dict[str, int] = field(default_factory=dict)
    """How often each reason kept an answer from being read."""

    @property
    def read(self) -> list[int]:
        """Which of the tester's answers hold a test."""
        return [number for number, test in enumerate(self.tests) if test is not None]

    def to_record(self) -> dict[str, Any]:
        """The table as JSON."""
        record = asdict(self)
        for name in ("label_passes", "test_passes"):
            record[name] = getattr(self, name).astype(int).tolist()
        return record

    @staticmethod
    def from_record(record: dict[str, Any]) -> TaskTable:
        """What `to_record` wrote."""
        programs = tuple(record["programs"])
        tests = tuple(None if test is None else _test(test) for test in record["tests"])
        labels = tuple(_test(test) for test in record["labels"])
        read = sum(test is not None for test in tests)
        return TaskTable(
            **{
                **record,
                "programs": programs,
                "tests": tests,
                "labels": labels,
                "label_passes": _booleans(record["label_passes"], len(programs), len(labels)),
                "test_passes": _booleans(record["test_passes"], len(programs), read),
                "unknown": tuple(record["unknown"]),
                "reference": None if record["reference"] is None else tuple(record["reference"]),
            }
        )


def _test(record: dict[str, Any]) -> UnitTest:
    return UnitTest(record["stdin"], record["expected"], cast(TestOrigin, record["origin"]))


def _booleans(rows: list[list[int]], height: int, width: int) -> Booleans:
    return np.array(rows, dtype=np.bool_).reshape(height, width)
