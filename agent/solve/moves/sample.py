"""The move that samples programs and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.reading import Reading
from agent.solve.settings import SolveSettings
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, RowT
from cure.select.stopping import Drawn

LATER_SHARE = 2
"""A round after the first asks for n / LATER_SHARE programs and m / LATER_SHARE tests, both rounded up."""


@dataclass(frozen=True)
class Sample:
    """Ask the coder for programs and the tester for tests."""

    name: ClassVar = "more"
    doing: ClassVar = "sampling more"
    done: ClassVar = "sampled more"
    asks_for_samples: ClassVar = True
    why: str = "nothing is there yet"
    targets: tuple[str, ...] = ()
    share: float | None = None
    """Share of n and m to sample in the first round, in place of `settings.first_share`."""

    async def carry_out(self, solving: Solving[RowT, ColumnT], readings: Sequence[Reading[RowT, ColumnT]]) -> None:
        """Ask for a share of n programs and m tests in the first round, for half of n and m later."""
        round_, task, settings = len(readings) + 1, solving.task, solving.settings
        size = first(settings, self.share or settings.first_share) if round_ == 1 else later(settings)
        wanted = [
            Ask("coder", f"coder/{round_}", task.coder(), size.programs),
            Ask("tester", f"tester/{round_}", task.tester(), size.tests),
        ]
        await ask(solving, round_, wanted)


def first(settings: SolveSettings, share: float) -> Drawn:
    """The numbers of programs and tests of the first round: `share` of n and of m, rounded up."""
    return Drawn(programs=ceil(share * settings.n), tests=ceil(share * settings.m))


def later(settings: SolveSettings) -> Drawn:
    """The numbers of programs and tests of a later round that samples."""
    return Drawn(programs=ceil(settings.n / LATER_SHARE), tests=ceil(settings.m / LATER_SHARE))


def whole(settings: SolveSettings) -> Drawn:
    """The numbers of programs and tests that the first round and its continuations draw at most.

    With greedy decoding (temperature 0) it is at most one of each, since further samples would be the same.
    """
    if not settings.temperature:
        return Drawn(programs=1, tests=min(1, settings.m))
    return Drawn(programs=settings.n, tests=settings.m)
