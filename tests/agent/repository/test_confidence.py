"""The stated probability that a patch is right."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from math import exp, log

import pytest

from agent.repository.confidence import FEATURES, NONE_FEATURES, patch_confidence, patch_features
from agent.repository.patches import Check, Patch
from cure.select.answer import verified
from cure.table import Cell, ExecutionTable
from sandbox import Verdict

OLD = Check("tests/test_old.py", "existing")


def table_of(
    rows: Mapping[str, str], *, existing: str = "+", fixes: tuple[str, ...] = ()
) -> ExecutionTable[Patch, Check]:
    """A table of patches; each row has a character for every generated test, `+` for passed. `existing` is what each
    patch does on the existing test, in the order of the rows; the patches in `fixes` pass one more of its tests.
    """
    width = len(next(iter(rows.values())))
    checks = {f"t{i}": Check(f"def test_{i}(): ...") for i in range(width)}
    cells = {}
    for number, (name, row) in enumerate(rows.items()):
        kept = (existing * len(rows))[number] == "+"
        said = "fixed tests/test_old.py::test_a\n" if name in fixes else ""
        cells[name, "e1"] = Cell(verdict=Verdict.OK, passed=kept, stdout=said if kept else "broken x\n")
        for test, mark in zip(checks, row, strict=True):
            cells[name, test] = Cell(verdict=Verdict.OK, passed=mark == "+", stdout="" if mark == "+" else "assert 0")
    return ExecutionTable({name: Patch(f"patch {name}") for name in rows}, {"e1": OLD, **checks}, cells)


def test_a_patch_that_breaks_existing_tests_is_not_possible() -> None:
    stated = patch_confidence(table_of({"c1": "+++", "c2": "+--"}, existing="-+"))
    assert stated.of("c1") == 0
    assert stated.of("c2") > 0


def test_without_patches_nothing_is_solved() -> None:
    assert patch_confidence(ExecutionTable({}, {"e1": OLD}, {})).unsolved == 1


def test_every_further_generated_test_passed_raises_the_probability() -> None:
    said = [patch_confidence(table_of({"c1": "+" * count + "-" * (6 - count)})).of("c1") for count in range(7)]
    assert said == sorted(said)
    assert said[-1] > said[0] + 0.5


def test_a_patch_that_passes_no_generated_test_is_probably_wrong_and_never_verified() -> None:
    table = table_of({"c1": "----", "c2": "----"})
    stated = patch_confidence(table)
    assert stated.of("c1") < 0.2
    assert not verified(table, "c1", stated, 0.0)


def test_without_generated_tests_no_patch_is_verified() -> None:
    table = table_of({f"c{number}": "" for number in range(8)})
    assert not verified(table, "c0", patch_confidence(table), 0.0)


def test_patches_that_behave_alike_share_one_hypothesis() -> None:
    stated = patch_confidence(table_of({"c1": "++-", "c2": "++-", "c3": "--+"}))
    assert next(set(h.cluster) for h in stated.hypotheses if h.cluster) == {"c1", "c2"}
    assert stated.of("c1") == stated.of("c2") > stated.of("c3")
    assert sum(h.probability for h in stated.hypotheses) == pytest.approx(1)


def test_the_terms_of_two_hypotheses_add_up_to_their_log_odds() -> None:
    first, second, *_ = patch_confidence(table_of({"c1": "++-", "c2": "+--"})).hypotheses
    between = sum(first.terms.values()) - sum(second.terms.values())
    assert exp(between) == pytest.approx(first.probability / second.probability)
    assert between == pytest.approx(log(first.probability / second.probability))


def test_an_existing_test_that_failed_and_now_passes_counts_as_a_generated_one_does() -> None:
    fixing = patch_features(table_of({"c1": "+", "c2": "-"}, fixes=("c1",)))
    generated = patch_features(table_of({"c1": "++", "c2": "--"}))
    assert fixing.of_behaviour == generated.of_behaviour
    assert fixing.of_none == generated.of_none


def test_the_shipped_weights_name_every_feature() -> None:
    record = json.loads(files("agent.repository").joinpath("confidence.json").read_text(encoding="utf-8"))
    assert list(record["of_behaviour"]) == list(FEATURES)
    assert list(record["of_none"]) == list(NONE_FEATURES)
