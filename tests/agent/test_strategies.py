"""What the strategies decide on small tables."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.solve.moves import Move
from agent.solve.reading import read
from agent.solve.repairs import repaired_in_vain
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies import EARLIER, STRATEGIES, strategy
from agent.solve.strategies.best_of_n import best_of_n
from agent.solve.strategies.distinguish import distinguish
from agent.solve.strategies.repair_first import repair_first
from cure.errors import ProblemError
from cure.select import (
    confidence,
    rank_by_agreement,
    verified,
)
from cure.table import ProgramTable
from tests.cure.tables import draw

SETTINGS = SolveSettings(rounds=3)


def decision(*tables: ProgramTable, rounds: int = 2, exhausted: str = "") -> Move:
    readings = [read(table, rank_by_agreement) for table in tables]
    return repair_first(readings, SETTINGS, Left(rounds=rounds, exhausted=exhausted))


def test_a_sure_answer_ends_the_run() -> None:
    sure = decision(draw(*["........"] * 6, "aaaaaaaa", trusted=2))
    assert sure.name == "finish"
    assert "c0 is right" in sure.why


def test_a_sure_answer_counts_even_when_the_budget_is_spent() -> None:
    table = draw(*["........"] * 6, "aaaaaaaa", trusted=2)
    assert "is right" in decision(table, exhausted="90 seconds").why
    assert "budget" in decision(draw("a"), exhausted="90 seconds").why


def test_a_program_that_fails_an_example_is_repaired() -> None:
    repair = decision(draw("a.", "b.", trusted=1))
    assert repair.name == "repair"
    assert repair.targets == ("c0", "c1")


def test_programs_that_behave_alike_are_repaired_once() -> None:
    assert decision(draw("a.", "a.", "a.", trusted=1)).targets == ("c0",)


def test_thin_evidence_asks_for_more_samples() -> None:
    assert decision(draw("")).name == "more"


def test_no_program_at_all_asks_for_more_samples() -> None:
    assert decision(ProgramTable()).name == "more"


def test_the_last_round_and_standstill_end_the_run() -> None:
    doubtful = draw("a", trusted=1)
    assert decision(doubtful, rounds=0).why == "the rounds are used up"
    assert decision(doubtful, doubtful).name == "repair"
    assert decision(doubtful, doubtful, doubtful).why == "2 rounds in a row brought nothing new"
    assert decision(doubtful, draw("a", "b", trusted=1), draw("a", "b", trusted=1)).name == "repair"


def test_after_repairs_in_vain_more_is_sampled_before_anything_is_repaired_again() -> None:
    doubtful = read(draw("a", trusted=1), rank_by_agreement)
    no_better = replace(read(repaired("b"), rank_by_agreement), repaired=("c0",))
    better = replace(read(repaired("."), rank_by_agreement), repaired=("c0",))
    assert repaired_in_vain([doubtful, no_better]) == ("c0",)
    assert repaired_in_vain([doubtful, better]) == ()
    move = repair_first([doubtful, no_better], SETTINGS, Left(rounds=2))
    assert (move.name, move.why) == ("more", "no repair of c0 passes more trusted tests than before")
    earlier = SETTINGS.model_copy(update={"repair_rules": 2})
    assert repair_first([doubtful, no_better], earlier, Left(rounds=2)).name == "repair"


def repaired(row: str) -> ProgramTable:
    """The table of a program that fails the trusted test, and of a repair of it with this row."""
    table = draw("a", row, trusted=1)
    child = replace(table.candidates["c1"], origin="repair", parent="c0")
    return ProgramTable({**table.candidates, "c1": child}, table.tests, table.cells)


def test_a_test_of_which_little_is_known_is_no_reason_for_a_repair() -> None:
    doubtful = draw(".aabbb..", "abbaabbb", trusted=1)
    assert decision(doubtful).name == "more"
    first_version = SolveSettings(rounds=3, repair_rules=1)
    assert repair_first([read(doubtful, rank_by_agreement)], first_version, Left(rounds=2)).name == "repair"


def test_agreement_without_any_test_passed_is_never_verified() -> None:
    for table in (draw(*[""] * 8), draw(*["a"] * 16), draw(*["????"] * 16)):
        posterior = confidence(table)
        assert not any(verified(table, name, posterior, 0.5) for name in table.candidates)
        assert decision(table).name != "finish"


def test_every_strategy_begins_by_sampling_and_ends_when_nothing_is_left() -> None:
    doubtful = read(draw("a.", "b.", trusted=1), rank_by_agreement)
    for decide in (STRATEGIES | EARLIER).values():
        first = decide([], SETTINGS, Left(rounds=3)).name
        assert first in ("more", "write")
        assert decide([replace(doubtful, move=first)], SETTINGS, Left(rounds=0)).name == "finish"


def test_an_unknown_strategy_names_those_there_are() -> None:
    with pytest.raises(ProblemError, match="repair-first"):
        strategy("magic")


def test_sampling_only_takes_the_best_of_one_round() -> None:
    failing = read(draw("a.", "b.", trusted=1), rank_by_agreement)
    assert best_of_n([failing], SETTINGS, Left(rounds=2)).name == "finish"


def told(*rows: str, trusted: int = 0, settings: SolveSettings = SETTINGS) -> Move:
    return distinguish([read(draw(*rows, trusted=trusted), rank_by_agreement)], settings, Left(rounds=2))


def test_thin_evidence_asks_for_tests_on_new_inputs() -> None:
    move = told("")
    assert (move.name, move.targets) == ("distinguish", ("c0",))
    assert "too little shows that it is right" in move.why


def test_behaviours_that_are_about_as_likely_right_are_told_apart_before_more_is_sampled() -> None:
    rows = ("..a", ".a.")
    assert decision(draw(*rows, trusted=1)).name == "more"
    move = told(*rows, trusted=1)
    assert (move.name, move.targets) == ("distinguish", ("c0", "c1"))


def test_a_program_that_fails_an_example_is_repaired_all_the_same() -> None:
    assert told("a.", "b.", trusted=1).name == "repair"


def explored(*tables: ProgramTable, rounds_without_samples: int = 1, settings: SolveSettings = SETTINGS) -> Move:
    readings = [read(table, rank_by_agreement) for table in tables]
    return distinguish(readings, settings, Left(rounds=0, rounds_without_samples=rounds_without_samples))


def test_different_programs_that_may_be_handed_over_are_run_on_new_inputs_first_and_once() -> None:
    sure = draw(*["........"] * 6, "aaaaaaaa", trusted=2)
    move = explored(sure)
    assert (move.name, move.targets) == ("explore", ("c0", "c1", "c2", "c3", "c4", "c5"))
    assert explored(sure, draw(*["........a"] * 6, "aaaaaaaab", trusted=2, inputs=1)).name == "finish"


def test_nothing_is_explored_without_two_programs_or_rounds_or_where_no_inputs_are_wanted() -> None:
    table = draw("..", "..", trusted=1)
    assert explored(table).name == "explore"
    assert explored(draw("..", "a.", trusted=1)).name == "finish"
    assert explored(table, rounds_without_samples=0).name == "finish"
    assert explored(table, settings=SolveSettings(new_inputs=0)).name == "finish"


def test_a_round_that_only_explored_is_not_one_without_progress() -> None:
    doubtful, tried = draw("a", trusted=1), draw("aa", trusted=1, inputs=1)
    assert decision(doubtful, tried, tried).name == "repair"


def test_without_tests_to_ask_for_more_samples_are_taken() -> None:
    assert told("", settings=SolveSettings(m=0)).name == "more"
    same = read(draw(""), rank_by_agreement)
    assert distinguish([same, same], SETTINGS, Left(rounds=1)).name == "more"
