"""Draws a strategy's first samples in parts: further ones only while they are expected to gain `settings.min_gain`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil

from agent.solve.moves import Move
from agent.solve.moves.distinguish import Distinguish
from agent.solve.moves.draw import Draw
from agent.solve.moves.finish import Finish
from agent.solve.moves.sample import Sample, later, whole
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from cure.select.confirming import confirming
from cure.select.stopping import Drawn, worth

Strategy = Callable[[Sequence[AnyReading], SolveSettings, Left], Move]


def in_rounds(strategy: Strategy) -> Strategy:
    """The strategy, but its first n programs and m tests are drawn in parts, as far as they are worth their price.

    The price of a sample is `settings.min_gain`, the gain in the probability of a right answer that it has to bring.
    The first round draws a part of the samples, unless the strategy asks for all. While the answer is not verified and
    the budget not exhausted, further samples are drawn as far as they are wanted (`wanted`), before any other move that
    asks for programs or tests. Moves that ask for neither come first, since they cost few tokens or none. In place of a
    move that only samples more, the run ends where none of its samples is wanted.
    """

    def decide(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
        if not readings:
            return strategy(readings, settings, left)
        reading = readings[-1]
        move = strategy(_without_parts(readings, left), settings, left)
        is_free = not isinstance(move, Finish) and not move.asks_for_samples
        if is_free or left.exhausted or reading.is_verified(settings.confident):
            return move
        drawn = Drawn(programs=left.programs, tests=left.tests)
        rest = whole(settings).minus(drawn)
        if more := wanted(reading, drawn, rest, settings):
            return Draw(why=_why(reading, more, settings), programs=more.programs, tests=more.tests, drawn=drawn)
        if (_samples_more(move) and not wanted(reading, drawn, later(settings), settings)) or (
            isinstance(move, Finish) and rest
        ):
            taken = f"the best of {drawn.programs} {settings.nouns[1]} by {drawn.tests} tests is taken"
            return Finish(f"{taken}: a further sample gains less than {settings.min_gain:g}")
        return move

    return decide


def _samples_more(move: Move) -> bool:
    """Whether the move only adds evidence. Tests that are to tell two candidates apart (two targets) do more."""
    return isinstance(move, Sample) or (isinstance(move, Distinguish) and len(move.targets) < 2)


def wanted(reading: AnyReading, drawn: Drawn, most: Drawn, settings: SolveSettings) -> Drawn:
    """The further samples to draw, at most `most`: those worth their price, and those that would verify the answer."""
    unsolved = reading.probabilities.unsolved
    if reading.answer is None:
        return _rounded(worth(None, unsolved, drawn, most, settings.min_gain), most, settings)
    more = worth(reading.confidence, unsolved, drawn, most, settings.min_gain)
    return _rounded(more.at_least(confirming(reading.table, reading.answer, settings.confident, most)), most, settings)


def _rounded(more: Drawn, most: Drawn, settings: SolveSettings) -> Drawn:
    """The samples wanted, but at least `settings.min_draw` of n and m if any are wanted, and at most `most`."""
    if not more:
        return more
    least = Drawn(programs=ceil(settings.min_draw * settings.n), tests=ceil(settings.min_draw * settings.m))
    raised = more.at_least(least)
    return Drawn(programs=min(raised.programs, most.programs), tests=min(raised.tests, most.tests))


def _without_parts(readings: Sequence[AnyReading], left: Left) -> list[AnyReading]:
    """The readings without those of rounds that the next round only continued."""
    return [reading for round_, reading in enumerate(readings, 1) if round_ + 1 not in left.draws]


def _why(reading: AnyReading, more: Drawn, settings: SolveSettings) -> str:
    one, many = settings.nouns
    counts = ((more.programs, one, many), (more.tests, "test", "tests"))
    what = " and ".join(f"{n} more {several if n > 1 else single}" for n, single, several in counts if n)
    if reading.answer is None:
        return f"no {one} can be handed over yet, {what} may change that"
    return f"{reading.answer} is right with probability {reading.confidence:.2f}, {what} may raise that"
