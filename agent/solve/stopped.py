"""Whether the model or the sandbox stopped working in a round, so that the run ends and can be resumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.runs.state import STOPPED
from agent.solve.asking import LETTERS
from agent.solve.attempts import answered, errors
from agent.solve.reading import AnyReading
from agent.solve.solving import AnySolving
from cure.table import AnyTable
from engines import EngineError
from sandbox import Verdict

StoppedStatus = Literal["model_error", "sandbox_error"]


@dataclass(frozen=True)
class Stopped:
    """What stopped working, and why the run ends."""

    status: StoppedStatus
    why: str


async def stopped(solving: AnySolving, readings: Sequence[AnyReading], table: AnyTable) -> Stopped | None:
    """What stopped working in the round after `readings`; None if everything works. `table` is that round's table.

    A failed request or execution alone does not stop a run. The sandbox has stopped if it also fails to run a trivial
    program; a model, if requests to it failed in this round and either no model answered in it, or the model has
    answered in this run and fails its check. A replay returns what the record says.
    """
    round_ = len(readings) + 1
    if solving.recorder.is_replay:
        return _recorded(solving, round_)
    if solving.is_recorded(round_):
        return None
    return await _sandbox(solving, readings, table) or await _models(solving, round_)


def _recorded(solving: AnySolving, round_: int) -> Stopped | None:
    known = solving.recorder.known
    if known.result is None or round_ in known.decisions or round_ not in known.rankings:
        return None
    status: Any = known.result.status
    return Stopped(status, known.result.why) if status in STOPPED else None


async def _models(solving: AnySolving, round_: int) -> Stopped | None:
    if solving.exhausted():
        return None
    state, settings = solving.recorder.state, solving.settings
    no_answer = not any(answered(state, role, round_) for role in LETTERS)
    for role in LETTERS:
        failed = errors(state, role, round_)
        # A tester that never answered is not checked: without its tests, the public examples still judge programs.
        if failed and (no_answer or (answered(state, role) and not await _answers(solving, role))):
            return Stopped("model_error", f"{getattr(settings, role)} stopped answering: {failed[-1]}")
    return None


async def _answers(solving: AnySolving, role: str) -> bool:
    try:
        await solving.engines[role].check()
    except EngineError:
        return False
    return True


async def _sandbox(solving: AnySolving, readings: Sequence[AnyReading], table: AnyTable) -> Stopped | None:
    before = readings[-1].table.cells if readings else {}
    failed = [
        cell for place, cell in table.cells.items() if cell.verdict is Verdict.SANDBOX_ERROR and place not in before
    ]
    if not failed or await solving.sandbox_works():
        return None
    return Stopped("sandbox_error", f"the sandbox stopped working: {failed[-1].reason}")
