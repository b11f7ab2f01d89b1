"""`alphacodium`: AlphaCodium (arXiv 2401.08500), with the settings of CURE's paper (arXiv 2506.03136, applications).

Reflection on the problem and its public examples, a ranking of possible solutions, n programs and m tests (`-n 8 -m
8`); then one line of repairs: the best program is repaired for PUBLIC_ROUNDS rounds on public examples and AI_ROUNDS
rounds on generated tests. Test anchors: a repair is accepted if it passes the test it was asked for, every test that an
earlier accepted repair of the line was asked for (the anchors), and every public example that the repaired program
passes; else the line goes on from the program before. A coder that answers without a program has declined the repair.
The published program also asks again for answers that cannot be read, and improves its tests; this one does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.solve.moves import Move
from agent.solve.moves.finish import Finish
from agent.solve.moves.keep import Keep
from agent.solve.moves.mend import Mend
from agent.solve.moves.reflect import SOLUTIONS, Reflect
from agent.solve.moves.write import Write
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from cure.prompts import follows_instructions
from cure.table import AnyTable

PUBLIC_ROUNDS, AI_ROUNDS = 2, 2
ROUNDS = 1 + PUBLIC_ROUNDS + AI_ROUNDS


def alphacodium(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """Reflect, write programs and tests, repair the line's program on examples, then on tests; take that program."""
    if not readings:
        return Reflect() if follows_instructions(settings.coder_style) else Write()
    moves = [reading.move for reading in readings]
    if left.exhausted:
        return Finish(f"the budget is spent: {left.exhausted}")
    if Write.name not in moves:
        if left.end_reason:
            return Finish(left.end_reason)
        return Write("the problem has been reflected on", plan=SOLUTIONS)
    line = line_of(readings)
    if line is None:
        return Finish("no program came out of the answers")
    if line.next_test is not None and left.rounds > 0 and Keep.name not in moves:
        return Mend(f"{line.program} fails {line.next_test}", (line.program,), ((line.next_test,),))
    if (
        readings[-1].answer != line.program
        and Keep.name not in moves
        and not left.reason_against(asks_for_samples=False)
    ):
        return Keep(f"{line.program} is the end of the line of repairs", (line.program,))
    return Finish(f"{line.program} is the end of the line of repairs")


@dataclass(frozen=True)
class Line:
    """The line of repairs: its newest accepted program, and the failed test to repair next (None without one)."""

    program: str
    next_test: str | None


def line_of(readings: Sequence[AnyReading]) -> Line | None:
    """The line of repairs after these rounds, from the best program of the round that wrote programs.

    None if that round has no program.
    """
    written = next(place for place, reading in enumerate(readings) if reading.move == Write.name)
    current = readings[written].best
    if current is None:
        return None
    table = readings[-1].table
    rounds = {True: PUBLIC_ROUNDS, False: AI_ROUNDS}
    anchors, tried = set[str](), set[str]()
    for number, reading in enumerate(readings[written + 1 :], written + 2):
        test = _next_test(table, current, rounds, tried)
        if reading.move != Mend.name or test is None:
            continue
        trusted = table.tests[test].trusted
        rounds[trusted] -= 1
        repairs = [name for name, row in table.candidates.items() if row.parent == current and row.round == number]
        accepted = [name for name in repairs if _holds(table, name, current, test, anchors)]
        if accepted:
            current = accepted[0]
            anchors.add(test)
        elif not trusted:
            tried.add(test)
    return Line(current, _next_test(table, current, rounds, tried))


def _next_test(table: AnyTable, program: str, rounds: dict[bool, int], tried: set[str]) -> str | None:
    """The first public example that the program fails while rounds for examples are left, else likewise the first
    generated test for which no repair was refused; None where there is none."""
    for trusted in (True, False):
        if rounds[trusted] > 0:
            for name in table.names(trusted=trusted):
                if name not in tried and table.known(program, name) and not table.passes(program, name):
                    return name
    return None


def _holds(table: AnyTable, repair: str, parent: str, test: str, anchors: set[str]) -> bool:
    """Whether the repair passes the test, every anchor, and every public example that its parent passes."""
    kept = [name for name in table.names(trusted=True) if table.passes(parent, name)]
    return all(table.passes(repair, name) for name in (test, *anchors, *kept))
