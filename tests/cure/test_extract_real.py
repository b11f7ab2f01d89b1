"""Extraction of answers that real models wrote."""

from __future__ import annotations

import json
from typing import Any

from cure.extract.result import Extracted
from cure.problem import UnitTest
from tests.real_answers import COUNTS, answers, counts, read


def test_as_many_answers_are_read_and_lost_for_each_reason_as_are_written_down() -> None:
    assert counts() == json.loads(COUNTS.read_text(encoding="utf-8"))


def test_robust_finds_something_wherever_release_does() -> None:
    lost = [
        (answer["problem"], answer["form"], answer["index"])
        for answer in answers()
        if has_content(read("release", answer)) and read("robust", answer).failed
    ]
    assert lost == []


def has_content(found: Extracted[Any]) -> bool:
    """Whether a program, or a test with an output that is not blank, was read.

    The released code reads an empty output where an answer ends right after the output's header.
    """
    return not found.failed and not (isinstance(found.value, UnitTest) and not found.value.expected.strip())
