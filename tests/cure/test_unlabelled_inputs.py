"""Inputs whose right output is unknown show how candidates differ, and count as passed or failed nowhere."""

from __future__ import annotations

import pytest

from cure.select import CONFIDENCES, SELECTORS, believed_failures, confidence, posterior, validity_of_tests, viable
from cure.select.distinguish import undecided
from cure.select.evidence import evidence
from cure.table import clusters, pass_matrix, separating
from tests.cure.tables import draw

BY_AGREEMENT = ("learned", "mbr")
"""Selectors whose score, from its second part on, depends on outputs."""


def test_an_input_is_no_test_and_tells_behaviours_apart() -> None:
    table = draw("..a", "..a", "..b", trusted=1, inputs=1)
    assert table.independent == ("t0", "t1") and table.compared == ("t0", "t1", "t2")
    assert clusters(table) == [["c0", "c1"], ["c2"]]
    assert separating(table) == ["t2"]
    assert pass_matrix(table).tolist() == [[True, True]] * 3


def test_an_input_on_which_no_candidate_ends_well_is_malformed_and_counts_for_nothing() -> None:
    table = draw("..!a", "..!a", trusted=1, inputs=2)
    assert table.malformed == ("t2",) and table.compared == ("t0", "t1", "t3")
    assert separating(table) == []
    assert draw("..!a", "..xa", trusted=1, inputs=2).malformed == ()


def test_an_input_that_was_not_run_is_not_called_malformed() -> None:
    assert draw(".?", ".?", inputs=1).malformed == ()


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_gives_an_input_no_passes_and_no_failures(name: str) -> None:
    plain, with_inputs = draw("..", ".x", trusted=1), draw("..a", ".xa", trusted=1, inputs=1)
    compared = 1 if name in BY_AGREEMENT else 2
    score = {ranked.candidate: ranked.score[:compared] for ranked in SELECTORS[name](plain).ranked}
    assert {ranked.candidate: ranked.score[:compared] for ranked in SELECTORS[name](with_inputs).ranked} == score


def test_evidence_and_validity_use_tests_only() -> None:
    table = draw("..a", ".xa", ".xb", trusted=1, inputs=1)
    assert evidence(table).passed.shape == (2, 2)
    posterior = confidence(table)
    assert validity_of_tests(table, posterior).keys() == {"t0", "t1"}
    assert "t2" not in believed_failures(table, "c1", posterior)


def test_inputs_divide_behaviours_for_the_confidence_but_not_for_the_posterior() -> None:
    plain = posterior(draw("..", "..", ".x", trusted=1))
    divided = draw("..a", "..b", ".xa", trusted=1, inputs=1)
    assert posterior(divided) == plain
    assert {h.cluster for h in confidence(divided).hypotheses} == {("c0",), ("c1",), ("c2",), ()}


@pytest.mark.parametrize("rule", CONFIDENCES)
def test_candidates_that_only_inputs_tell_apart_are_undecided_where_neither_are_many_more(rule: str) -> None:
    split, clear = ("..a", "..a", "..b", "..b"), ("..a", "..a", "..a", "..a", "..b")
    pairs = [
        undecided(table, CONFIDENCES[rule](table))
        for table in (draw(*rows, trusted=1, inputs=1) for rows in (split, clear))
    ]
    assert pairs == [("c0", "c2"), None]


def test_ending_well_on_an_input_alone_makes_no_candidate_fit_to_hand_over() -> None:
    assert not viable(draw("!a", inputs=1), "c0")
    assert viable(draw("xa", inputs=1), "c0")


def test_agreement_on_inputs_decides_between_candidates_that_pass_the_same_tests() -> None:
    ranking = SELECTORS["agreement"](draw("..b", "..a", "..a", trusted=1, inputs=1))
    assert ranking.best == "c1"
