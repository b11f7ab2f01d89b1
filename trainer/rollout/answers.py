"""The answers sampled for a task, and the execution table made of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast

import numpy as np
from pydantic import TypeAdapter

from cure.problem import TestOrigin, UnitTest
from cure.reward import Booleans
from engines import Finish

RoleName = Literal["coder", "tester", "labels"]
"""The roles that answer; `labels` is the frozen tester that writes labels in label-free training."""


@dataclass(frozen=True)
class Answer:
    """One sampled answer."""

    text: str
    finish: Finish
    token_ids: tuple[int, ...] = ()
    """The tokens as they were sampled; empty where the engine does not report them."""
    logprobs: tuple[float, ...] = ()
    """Log-probability of each token under the distribution it was sampled from."""
    version: str = ""
    """Version of the weights that wrote the answer."""
    error: str = ""
    """Why the engine failed on this answer; empty where it did not fail."""

    @property
    def truncated(self) -> bool:
        """Whether the answer was cut at the maximum number of tokens."""
        return self.finish == "length"


@dataclass(frozen=True)
class TaskAnswers:
    """All answers to one task."""

    slot: int
    """The task's place in the step, counted from 0."""
    index: int
    """The problem's number in the problem set."""
    prompts: dict[RoleName, tuple[int, ...]]
    """Token ids of each role's prompt; empty for an engine that takes text."""
    answers: dict[RoleName, tuple[Answer, ...]]

    def to_record(self) -> dict[str, Any]:
        """A JSON object that `from_record` reads back."""
        return asdict(self)

    @staticmethod
    def from_record(record: dict[str, Any]) -> TaskAnswers:
        """The value that `to_record` wrote."""
        return _ANSWERS.validate_python(record)


_ANSWERS = TypeAdapter(TaskAnswers)


@dataclass(frozen=True, kw_only=True)
class TaskTable:
    """The execution table of one task, from which rewards are computed.

    It has a row for each of the coder's answers and a column for each label and each generated test.
    """

    slot: int
    programs: tuple[str | None, ...]
    """The program in each of the coder's answers; None where there is none."""
    tests: tuple[UnitTest | None, ...]
    """The test in each of the tester's answers; None where there is none."""
    labels: tuple[UnitTest, ...]
    """The tests that decide which programs are right."""
    label_passes: Booleans
    """(programs, labels) whether each program passes each label; False for a missing program."""
    test_passes: Booleans
    """(programs, tests read) whether each program passes each test of `tests` that is not None."""
    unknown: tuple[bool, ...]
    """(programs) whether the sandbox failed on an execution of the program, which gets no reward then."""
    reference: tuple[bool, ...] | None = None
    """(tests read) whether the reference solution passes each test; None where no reference solution was run."""
    executions: int = 0
    """Distinct pairs of program and input, those not run after too many time-outs of the program included."""
    timeouts: int = 0
    """Executions that ran out of time."""
    seconds: float = 0.0
    """Wall time from the first execution to the last."""
    notes: dict[str, int] = field(default_factory=dict)
    """Reasons why no program or test was found in an answer, and how often each occurred."""

    @property
    def read(self) -> list[int]:
        """Positions in `tests` of the tester's answers that contain a test."""
        return [number for number, test in enumerate(self.tests) if test is not None]

    def to_record(self) -> dict[str, Any]:
        """A JSON object that `from_record` reads back."""
        record = asdict(self)
        for name in ("label_passes", "test_passes"):
            record[name] = getattr(self, name).astype(int).tolist()
        return record

    @staticmethod
    def from_record(record: dict[str, Any]) -> TaskTable:
        """The value that `to_record` wrote."""
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
