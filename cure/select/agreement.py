"""Trusted tests first, then generated tests passed, ties by agreement of outputs."""

from __future__ import annotations

from collections import Counter

from cure.select.ranking import Ranking, sort_by_score
from cure.table import AnyTable
from cure.table.compare import normalise
from sandbox import Verdict

SCORE_NAMES = ("trusted tests passed", "generated tests passed", "agreement of outputs")


def output_agreement(table: AnyTable) -> dict[str, float]:
    """Per candidate, the share of the other candidates that print the same output, averaged over inputs, in 0..1.

    Inputs count also where the expected output may be wrong or is unknown. An execution that did not end with verdict
    `ok` agrees with no other execution.
    """
    inputs = {table.tests[name].stimulus: name for name in table.compared}
    others = len(table.candidates) - 1
    if others < 1 or not inputs:
        return dict.fromkeys(table.candidates, 0.0)
    agreeing = dict.fromkeys(table.candidates, 0)
    for test in inputs.values():
        outputs = {
            name: normalise(cell.stdout)
            for name in table.candidates
            if (cell := table.cells.get((name, test))) is not None and cell.verdict is Verdict.OK
        }
        votes = Counter(outputs.values())
        for name, output in outputs.items():
            agreeing[name] += votes[output] - 1
    return {name: count / (others * len(inputs)) for name, count in agreeing.items()}


def rank_by_agreement(table: AnyTable) -> Ranking:
    """Ranking by (trusted tests passed, generated tests passed, agreement); the earliest candidate wins ties."""
    trusted, generated = table.names(trusted=True), table.names(trusted=False)
    agreement = output_agreement(table)
    scores = {
        name: (
            float(sum(table.passes(name, test) for test in trusted)),
            float(sum(table.passes(name, test) for test in generated)),
            agreement[name],
        )
        for name in table.candidates
    }
    return sort_by_score("agreement", SCORE_NAMES, scores)
