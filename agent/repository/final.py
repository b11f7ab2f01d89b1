"""The whole suite of existing tests, run for the patch that is to be handed over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agent.repository.checks import Base, Report, regressions
from agent.runs.events import WholeSuite
from agent.runs.recorder import Recorder
from agent.solve.reading import AnyReading
from cure.select.answer import viable

MOST_TRIED = 3
"""Number of patches that are run on the whole suite, best first, until one breaks nothing."""

RunAll = Callable[[str], Awaitable[Report]]
"""Runs all existing tests on a patch, given by its text."""


async def final_answer(
    reading: AnyReading, recorder: Recorder, run_all: RunAll | None, base: Base | None
) -> str | None:
    """The best candidate that breaks no existing test at all, among the first MOST_TRIED that may be handed over; None
    where there is none. What each of them breaks is recorded.

    Recorded results are reused; without `run_all` and `base`, as in a replay, only those count.
    """
    possible = [each.candidate for each in reading.ranking.ranked if viable(reading.table, each.candidate)]
    for name in possible[:MOST_TRIED]:
        event = recorder.known.whole_suites.get(name)
        if event is None:
            if run_all is None or base is None:
                return None
            report = await run_all(reading.table.candidates[name].text)
            event = WholeSuite(candidate=name, passed=len(report.passed), broken=sorted(regressions(base, report)))
        recorder.emit(event)
        if not event.broken:
            return name
    return None
