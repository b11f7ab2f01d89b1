"""`cure`: the best-of-n of CURE (arXiv 2506.03136, section 4): one round of n programs and m tests, then the choice.

The paper samples 16 programs and 16 tests at temperature 0.8 and top-p 0.95 (`-n 16 -m 16 --temperature 0.8
--top-p 0.95`), and takes the program that passes most generated tests. `--selector max-pass` counts public examples as
well; the default selector (`cure.select.outvoted`) compares the public examples passed first, and breaks ties by
agreement of outputs. In runs recorded by earlier versions this strategy is called `sample-only`.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.finish import Finish
from agent.solve.moves.sample import Sample
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left


def best_of_n(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:  # noqa: ARG001 (all strategies take `left`)
    """Sample in the first round; after that round finish, whether the answer is verified or not."""
    if not readings:
        return Sample(share=1)
    if readings[-1].is_verified(settings.confident):
        return Finish(f"{readings[-1].answer} is right with probability {readings[-1].confidence:.2f}")
    return Finish(f"the best of {settings.n} {settings.nouns[1]} by {settings.m} tests is taken")
