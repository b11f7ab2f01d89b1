"""Sets with fewer tests: which tests stay."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cure.problem.file import load_problems
from evaluator.commands.datasets import datasets
from evaluator.datasets.trim import rejecting, spread


@given(arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 9))), st.integers(1, 9))
def test_as_many_tests_stay_as_are_wanted_and_none_twice(passes: np.ndarray, most: int) -> None:
    chosen = rejecting(passes, most)
    assert len(chosen) == min(most, passes.shape[1])
    assert chosen == sorted(set(chosen))


@given(arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 9))))
def test_with_a_test_for_each_program_every_wrong_program_is_rejected(passes: np.ndarray) -> None:
    chosen = rejecting(passes, len(passes))
    assert (passes[:, chosen].all(axis=1) == passes.all(axis=1)).all()


def test_the_test_that_rejects_the_most_comes_first() -> None:
    passes = np.array([[True, False, False, True], [True, False, True, True], [False, True, True, True]])
    assert rejecting(passes, 1) == [1]
    assert rejecting(passes, 2) == [0, 1]


def test_without_wrong_programs_tests_are_spread() -> None:
    assert rejecting(np.ones((2, 9), dtype=np.bool_), 3) == spread(9, 3) == [0, 3, 6]


def test_the_command_keeps_the_tests_that_reject_the_programs_of_the_set(tmp_path: Path) -> None:
    row = {
        "question": "Print the absolute value.",
        "test_input": [f"{n}\n" for n in range(8)] + ["-3\n", "9\n"],
        "test_output": [f"{n}\n" for n in range(8)] + ["3\n", "9\n"],
        "submissions": ["print(int(input()))", "print(abs(int(input())))", "print(min(7, abs(int(input()))))"],
    }
    source, target = tmp_path / "set.json", tmp_path / "small.json"
    source.write_text(json.dumps([row]))
    command = ["trim", str(source), "--to", str(target), "--most-tests", "2", "--sandbox", "none"]
    result = CliRunner().invoke(datasets, command, catch_exceptions=False)
    assert "2 of 10 hidden tests" in result.output
    (problem,) = load_problems(str(target))
    assert [test.stdin for test in problem.hidden] == ["-3\n", "9\n"]
