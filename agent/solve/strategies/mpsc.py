"""`mpsc`: multi-perspective self-consistency (arXiv 2309.17272), with the settings of CURE's paper (arXiv 2506.03136).

8 programs, 8 tests and 8 specifications (`-n 8 -m 8`): pre- and post-conditions, which the sandbox runs on inputs and
outputs. Programs, tests and specifications are scored together, by how well those of each kind agree with those of the
other two (`cure.consistency.graph`). A program that fails a public example is not handed over, whatever its score. A
model that follows no instructions writes no specifications; two perspectives are left then.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.finish import Finish
from agent.solve.moves.specify import Specify
from agent.solve.moves.write import Write
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left


def mpsc(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """Write programs and tests, then specifications, then finish."""
    if not readings:
        return Write()
    if readings[-1].move == Specify.name:
        return Finish("programs, tests and specifications have been weighed")
    if reason := left.reason_against(asks_for_samples=False):
        return Finish(reason)
    if not readings[-1].table.candidates:
        return Finish("no program came out of the answers")
    return Specify(f"{settings.n} programs and {settings.m} tests are to be weighed")
