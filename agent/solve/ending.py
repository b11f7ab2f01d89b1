"""How a run ends: the status and reason of its result, or the failure that ended it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from agent.errors import RunError
from agent.runs.events import Result
from agent.runs.recorder import Recorder
from agent.solve.reading import AnyReading
from agent.solve.solving import AnySolving
from agent.solve.spending import Left
from agent.solve.stopped import Stopped, StoppedStatus
from engines import EngineError
from sandbox import SandboxError

Status = Literal["verified", "low_confidence", "unsolved", "budget"] | StoppedStatus
EXIT_CODES: dict[Status, int] = {
    "verified": 0,
    "low_confidence": 1,
    "unsolved": 3,
    "budget": 4,
    "model_error": 5,
    "sandbox_error": 6,
}
FAILURE_STATUS = {5: "model_error", 6: "sandbox_error"}
"""Status of a run that an error ended, by the error's exit code."""


@dataclass(frozen=True)
class Reasons:
    """Why a run has no answer or an unsure one, in words for its kind of candidates."""

    no_candidate: str = "no program came out of the model's answers"
    none_viable: str = "no program passes every public example, or none runs to its end"
    untested: str = "the programs agree, but none of them has passed a test"


def result_of(
    solving: AnySolving,
    readings: Sequence[AnyReading],
    unused: Sequence[str],
    failure: Stopped | None,
    reasons: Reasons = Reasons(),
) -> Result:
    """The event that ends the run: the answer of the last reading; the status of that reading, or of `failure`."""
    reading = readings[-1]
    if failure is None:
        status, why = _status(reading, solving.settings.confident, solving.left(readings), unused, reasons)
    else:
        status, why = failure.status, failure.why
    return Result(
        status=status,
        exit_code=EXIT_CODES[status],
        candidate=reading.answer,
        confidence=reading.confidence,
        why=why,
        tokens=solving.spent.tokens,
        seconds=solving.spent.seconds,
        dollars=solving.spent.dollars,
    )


def _status(
    reading: AnyReading, confident: float, left: Left, unused: Sequence[str], reasons: Reasons
) -> tuple[Status, str]:
    sure = reading.confidence
    if reading.is_verified(confident):
        if unused:
            return "low_confidence", "parts of the statement look like samples and were not used as tests"
        return "verified", f"right with probability {sure:.2f}"
    if left.exhausted:
        return "budget", f"the budget is spent: {left.exhausted}"
    if reading.answer is None:
        if reading.best is None:
            return "unsolved", reasons.no_candidate
        return "unsolved", reasons.none_viable
    if sure >= confident:
        return "low_confidence", reasons.untested
    return "low_confidence", f"right with probability {sure:.2f}, below {confident:.2f}"


def record_failure(recorder: Recorder, error: BaseException, seconds: float, cost: float | None) -> None:
    """Emit a result that says what failed; a result that cannot be written is left out.

    A replay emits the result only for the errors that a record can reproduce: those of model and sandbox.
    """
    if recorder.is_replay and not isinstance(error, EngineError | SandboxError):
        return
    interrupted = isinstance(error, (KeyboardInterrupt, asyncio.CancelledError))
    exit_code = 130 if interrupted else getattr(error, "exit_code", 1)
    status = "interrupted" if interrupted else FAILURE_STATUS.get(exit_code, "error")
    why = "interrupted" if interrupted else str(error) or type(error).__name__
    with suppress(RunError):
        recorder.emit(
            Result(
                status=status,
                exit_code=exit_code,
                candidate=None,
                confidence=0.0,
                why=why,
                tokens=recorder.state.tokens,
                seconds=seconds,
                dollars=cost,
            )
        )
