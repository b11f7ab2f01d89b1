"""`s-star`: S* (arXiv 2502.14382), with the settings of CURE's paper (arXiv 2506.03136, applications).

n programs (`-n 8`), no tests by a model; up to DEBUG_ROUNDS rounds in which each program that fails public examples is
debugged on them, until it passes all; then the choice by adaptive input synthesis and pairwise comparison
(`agent.solve.moves.tournament`). Difference from S*: programs are compared as groups of equal outputs, at most four
groups in pairs, so that the number of requests does not grow with the square of n.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.finish import Finish
from agent.solve.moves.mend import Mend
from agent.solve.moves.tournament import Tournament
from agent.solve.moves.write import Write
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from cure.prompts import follows_instructions
from cure.select.answer import viable
from cure.table import AnyTable

DEBUG_ROUNDS = 4
ROUNDS = 1 + DEBUG_ROUNDS
SHOWN = 2
"""Maximum number of failed examples that a prompt shows."""


def s_star(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """Write programs, debug those that fail examples, compare those that pass in pairs, finish."""
    if not readings:
        return Write(tests=False)
    reading, moves = readings[-1], [reading.move for reading in readings]
    if left.exhausted:
        return Finish(f"the budget is spent: {left.exhausted}")
    if Tournament.name in moves:
        return Finish("the programs have been compared in pairs")
    failing = _failing(reading.table)
    if failing and left.rounds > 0 and moves.count(Mend.name) < DEBUG_ROUNDS:
        why = f"{len(failing)} programs fail public examples"
        return Mend(why, tuple(failing), tuple(tuple(names[:SHOWN]) for names in failing.values()))
    texts = {row.text for name, row in reading.table.candidates.items() if viable(reading.table, name)}
    asks = follows_instructions(settings.coder_style) and follows_instructions(settings.tester_style)
    if len(texts) > 1 and asks and not left.reason_against(asks_for_samples=False):
        return Tournament(f"{len(texts)} different programs may be handed over")
    return Finish(f"{len(texts)} different programs may be handed over")


def _failing(table: AnyTable) -> dict[str, list[str]]:
    """By program that has no repair yet, the public examples it fails; programs that pass all examples are left out."""
    parents = {row.parent for row in table.candidates.values()}
    examples = table.names(trusted=True)
    found = {
        name: [test for test in examples if table.known(name, test) and not table.passes(name, test)]
        for name in table.candidates
        if name not in parents
    }
    return {name: tests for name, tests in found.items() if tests}
