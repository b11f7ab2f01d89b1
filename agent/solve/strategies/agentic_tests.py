"""`agentic-tests`: agentic unit-test generation of CURE's paper (arXiv 2506.03136, applications; "task-derived" form).

Code and tests are written and run; the tester is shown the result and refines the tests, in at most REFINE_ROUNDS
rounds. The paper publishes no program for this. Here n programs and m tests are written as in `cure`; in each round the
tester is shown the tests that the best program fails, one in each request, with what the program printed, and gives
each test again, corrected or unchanged. Programs are then weighed by how many tests they pass, each in its newest
version.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.finish import Finish
from agent.solve.moves.refine import Refine
from agent.solve.moves.write import Write
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from cure.prompts import follows_instructions

REFINE_ROUNDS = 3
ROUNDS = 1 + REFINE_ROUNDS


def agentic_tests(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """Write programs and tests, then refine the tests that the best program fails, while there are any."""
    if not readings:
        return Write()
    reading, moves = readings[-1], [reading.move for reading in readings]
    if left.end_reason:
        return Finish(left.end_reason)
    if not follows_instructions(settings.tester_style):
        return Finish("the tester follows no instructions to refine tests")
    if moves.count(Refine.name) == REFINE_ROUNDS:
        return Finish(f"tests have been refined {REFINE_ROUNDS} times")
    if moves[-1] == Refine.name and len(reading.table.tests) == len(readings[-2].table.tests):
        return Finish("no test was refined in the last round")
    best, tests = reading.best, reading.table.names(trusted=False)
    failing = [
        name for name in tests if best and reading.table.known(best, name) and not reading.table.passes(best, name)
    ]
    if best is None or not failing:
        return Finish(f"{best} fails no generated test" if best else "no program came out of the answers")
    return Refine(f"{best} fails {len(failing)} tests, and either may be wrong", (best,))
