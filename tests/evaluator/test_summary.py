"""The numbers of a run, checked against a table that can be worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cure.metrics.standard import score
from evaluator.run.summary import summarise, write_summary
from evaluator.run.tables import EvaluatedTable, TestColumn
from evaluator.run.verdicts import case_of, verdicts_of
from tests.evaluator.runs import NOTHING, RIGHT, WRONG, problems_file, run, script, settings_of

pytestmark = pytest.mark.bubblewrap


def test_both_modes_of_a_small_run(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 2)
    made = run(settings_of(file, script(tmp_path / "s.json")), tmp_path / "out")
    metrics = summarise(made)
    values = metrics["standard"]["values"]
    # One of four programs is right; two of four requested tests are right, three were read.
    assert values["code_accuracy_macro"]["value"] == 0.25
    assert values["ut_accuracy_reference_requested"]["value"] == 0.5
    assert values["ut_accuracy_reference_extracted"]["value"] == pytest.approx(2 / 3)
    assert values["program_extraction_failures"]["value"] == 0.25
    # No test has the input of the public example, 1 2.
    assert values["ut_new_reference_requested"]["value"] == 0.5
    assert values["ut_repeat_reference_requested"]["value"] == values["repeated_examples"]["value"] == 0.0
    assert values["distinct_inputs"]["value"] == 0.75
    assert metrics["reference"] == {"pass_rate": 1.0, "problems": 2, "failing": [], "reason": ""}
    # The release's test accuracy is an estimate over extracted tests.
    assert metrics["release"]["printed"]["code_acc"] == 0.25
    assert metrics["release"]["printed"]["ut_acc"] == pytest.approx(2 / 3)
    assert metrics["verdicts"]["programs"] == {"right": 2, "wrong answer": 2, "not extracted": 2, "crash": 2}
    assert metrics["verdicts"]["programs_not_extracted"] == {"no_code": 2}
    assert metrics["samples"]["coder"]["samples"] == 8
    best = {
        (p["n"], p["m"]): p["best"]["value"] for p in metrics["standard"]["best_of_n"] if p["selector"] == "max-pass"
    }
    # The right program and one wrong one pass two tests each.
    assert best[4, 4] == 0.5 and best[1, 4] == pytest.approx(0.25)


def test_a_failed_test_keeps_its_place(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    made = run(settings_of(file, script(tmp_path / "s.json")), tmp_path / "out")
    said = case_of(made).problems[0]
    assert said.extracted_tests.tolist() == [True, True, False, True]
    assert said.generated.astype(int).tolist() == [[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert said.reference is not None and said.reference.tolist() == [True, False, False, True]


def test_a_test_with_the_input_of_a_public_example_is_not_new() -> None:
    columns = [("hidden", 0, "5 6", "11"), ("public", 0, "1 2\n", "3\n"), ("generated", 0, "1  2", "3")]
    columns += [("generated", 1, "2 1", "3"), ("generated", 3, "1 2", "4")]
    table = EvaluatedTable(
        problem=0,
        name="sum",
        programs=("",),
        program_samples=(0,),
        program_failures=("",),
        requested_tests=4,
        test_failures={2: "no_test"},
        columns=tuple(TestColumn(*column) for column in columns),
        cells=("PPPPW",),
        outputs=(("11", "3", "3", "3", "3"),),
        cpu_s=(0.0,),
        peak_kb=(0,),
        reference="PPPPW",
    )
    found = verdicts_of(table)
    assert found.repeated is not None and found.repeated.tolist() == [True, False, False, True]
    values = score([found]).values
    assert (values["ut_new_reference_requested"].value, values["ut_repeat_reference_requested"].value) == (0.25, 0.25)
    assert (values["repeated_examples"].value, values["distinct_inputs"].value) == (0.5, 0.75)


@pytest.mark.parametrize(
    ("codes", "tests", "n", "m"),
    [([NOTHING], ["none"], 1, 1), ([WRONG], ["none"], 1, 1), ([RIGHT], ["none"], 1, 0)],
)
def test_what_has_no_data_is_null_with_a_reason(
    tmp_path: Path, codes: list[str], tests: list[str], n: int, m: int
) -> None:
    file = problems_file(tmp_path / "sums.json", 1, test_input=[], test_output=[], reference_solution=None)
    made = run(settings_of(file, script(tmp_path / "s.json", codes, tests), n, m), tmp_path / "out")
    metrics = summarise(made)
    accuracy = metrics["standard"]["values"]["code_accuracy_macro"]
    assert accuracy["value"] is None and accuracy["reason"]
    assert metrics["reference"]["pass_rate"] is None and metrics["reference"]["reason"]
    write_summary(made, metrics)
    assert json.loads(made.metrics.read_text()) == json.loads(json.dumps(metrics))
    assert (made.path / "problems.csv").read_text().startswith("problem,programs,right")
