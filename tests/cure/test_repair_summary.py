"""What the prompt of a repair says about the table."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.problem import Problem, UnitTest
from cure.prompts import prompts_for
from cure.prompts.behaviours import summarised
from cure.repair import summary_of
from cure.repair.summary import LONGEST_STIMULUS, MOST_BEHAVIOURS, MOST_DIFFERENCES
from cure.table import Candidate, ExecutionTable, ProgramTable, clusters
from engines import prompt_text
from tests.cure.tables import draw

PROBLEM = Problem(name="p", question="Add.", examples=(UnitTest("1 2\n", "3\n", "public"),))


def test_behaviours_are_counted_and_named_and_the_inputs_that_tell_them_apart_are_shown() -> None:
    table = draw("a..", "b..", "a..", "a.!", trusted=1)
    assert summarised(summary_of(table, "c0")) == (
        "4 programs were written for this problem, of 3 kinds by what they do on 3 inputs:\n"
        "- A: this one and 1 other, passing 0 of 1 example\n"
        "- B: 1, passing 0 of 1 example\n"
        "- C: 1, passing 0 of 1 example\n\n"
        "Input:\n```\ninput 0\n```\nA, C: prints `a`; B: prints `b`.\n\n"
        "Input:\n```\ninput 2\n```\nA, B: prints `ok`; C: ends with crash ValueError."
    )


def test_a_shared_mistake_is_called_one_and_a_single_program_needs_no_summary() -> None:
    said = summarised(summary_of(draw("a.", "a.", trusted=1), "c0"))
    assert said == "2 programs were written for this problem, and all do the same on all 2 inputs tried."
    assert summarised(summary_of(draw("a."), "c0")) == ""


def test_no_expected_output_of_a_generated_test_is_shown_unless_a_program_printed_it() -> None:
    assert "`ok`" not in summarised(summary_of(draw("ab", "ba"), "c0"))


@given(st.integers(1, 6).flatmap(lambda n: st.lists(st.text("..ab!?", min_size=n, max_size=n), min_size=1, max_size=9)))
def test_a_summary_is_short_and_loses_no_program(rows: list[str]) -> None:
    table = draw(*rows, trusted=1)
    summary = summary_of(table, "c0", ["t0"])
    assert sum(each.candidates for each in summary.behaviours) + summary.left_out[1] == len(rows)
    assert len(summary.behaviours) + summary.left_out[0] == len(clusters(table))
    assert len(summary.behaviours) <= MOST_BEHAVIOURS and len(summary.differences) <= MOST_DIFFERENCES
    assert all(len(set(filter(None, each.did))) > 1 for each in summary.differences)


def test_a_long_input_is_left_out() -> None:
    table = draw("a", "b")
    long = ProgramTable(table.candidates, {"t0": UnitTest("9" * (LONGEST_STIMULUS + 1), "1")}, table.cells)
    assert summary_of(table, "c0").differences and not summary_of(long, "c0").differences


@dataclass(frozen=True)
class Check:
    """A command as a column: its exit status alone says whether a candidate passes, no output is expected."""

    stimulus: str
    trusted: bool = False
    origin: str = "generated"
    expected: None = None
    judges: bool = True


def test_where_the_test_alone_decides_candidates_pass_or_fail() -> None:
    table = draw(".", "a")
    checks = ExecutionTable(table.candidates, {"t0": Check("pytest")}, table.cells)
    (difference,) = summary_of(checks, "c1").differences
    assert (difference.stimulus, difference.did) == ("pytest", ("fails", "passes"))


@pytest.mark.parametrize("style", ["chat", "micro"])
def test_a_prompt_without_summary_is_that_of_before_and_a_summary_is_added_at_the_end(style: str) -> None:
    prompts, table = prompts_for(style), draw("a", "b")
    bare = prompt_text(prompts.repair(PROBLEM, "print(1)", []))
    with_summary = prompt_text(prompts.repair(PROBLEM, "print(1)", [], summary_of(table, "c0")))
    alone = prompt_text(prompts.repair(PROBLEM, "print(1)", [], summary_of(draw("a"), "c0")))
    assert alone == bare
    assert ("2 programs were written" in with_summary) == (with_summary != bare) == (style == "chat")


def test_a_repair_counts_in_its_kind_like_any_other_candidate() -> None:
    table = draw("a", "b")
    repaired = replace(table, candidates={**table.candidates, "c1": Candidate("x", "repair", "c0", 2)})
    assert summary_of(repaired, "c0") == summary_of(table, "c0")
