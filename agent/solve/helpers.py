"""Runs programs of the model that are no candidates, such as generators of inputs, and records what they do."""

from __future__ import annotations

from collections.abc import Sequence

from agent.runs.events import Ran, identity
from agent.solve.solving import AnySolving
from sandbox import SandboxError, Verdict


async def run_helpers(solving: AnySolving, programs: Sequence[tuple[str, str]]) -> list[Ran]:
    """For each pair of a program and its input, in the order given, the event of its execution.

    A recorded execution is not repeated. One on which the sandbox failed has the verdict `sandbox_error`.
    """
    recorder = solving.recorder
    found: dict[tuple[str, str], Ran] = {}
    for pair in programs:
        name = identity(_event(solving, pair))
        _, known = recorder.known.recorded.get(name) or recorder.state.recorded.get(name) or (0.0, None)
        if isinstance(known, Ran):
            found[pair] = known
    missing = [pair for pair in dict.fromkeys(programs) if pair not in found]
    if missing and not recorder.is_replay:
        try:
            cells = await solving.execute(missing)
        except SandboxError:
            cells = {}
        for pair in missing:
            if cell := cells.get(pair):
                found[pair] = _event(solving, pair, str(cell.verdict), cell.stdout, cell.reason)
    events = {pair: found.get(pair) or _event(solving, pair) for pair in programs}
    for event in events.values():
        if identity(event) not in recorder.state.recorded:
            recorder.emit(event)
    return [events[pair] for pair in programs]


def _event(
    solving: AnySolving,
    pair: tuple[str, str],
    verdict: str = Verdict.SANDBOX_ERROR,
    stdout: str = "",
    reason: str = "",
) -> Ran:
    program, stdin, output = (solving.recorder.blob(text) for text in (*pair, stdout))
    return Ran(program=program, stdin=stdin, verdict=verdict, stdout=output, reason=reason)
