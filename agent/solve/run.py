"""One recorded solve from problem to outcome: new, resumed or replayed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import partial

from agent.runs.audited import audited_event
from agent.runs.events import Scored, Started
from agent.runs.outcome import Outcome
from agent.runs.recorder import RecordEnds, Recorder, ReplayError
from agent.runs.state import cell_of
from agent.solve.ending import record_failure, result_of
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.solving import GRACE_S, AnySolving, Solving, record_cell
from agent.solve.spending import Clock, dollars
from agent.solve.strategies import in_parts
from agent.solve.task import ProgramTask
from cure.audit import MUTANT_SECONDS, run_mutants
from cure.extract import extractor
from cure.problem import Problem, UnitTest, UnlabelledInput
from cure.problem.file import to_record
from cure.prompts import prompts_for
from cure.select import selector
from cure.table import Candidate, Cell, GrowingTable, ProgramColumn, ProgramExecutor, ProgramTable, fill, judging_of
from cure.table.pairs import ProgramInput
from engines import Engine
from sandbox import Execution, Sandbox, SandboxError

HELPER_SECONDS = 10.0
"""CPU seconds that a program of the model which is no candidate may take."""


async def solve_problem(
    problem: Problem,
    settings: SolveSettings,
    *,
    engines: Mapping[str, Engine],
    sandbox: Sandbox,
    recorder: Recorder,
    unused: Sequence[str] = (),
) -> Outcome:
    """The outcome, with the answer, if there is one, and its evidence; every step is emitted to the recorder.

    `engines` are those of `coder` and `tester`; a replay needs none. `unused` are notes on parts of the statement that
    look like samples but are no tests: if there are any, no answer is `verified`. Recorded answers and executions are
    reused. Raises EngineError when the coder answers nothing, SandboxError when nothing can be run, RunError when
    recording fails, ReplayError when a replay differs from its record, RecordEnds when a replay reaches the end of a
    record that was cut short. Except after the last three errors, the run's last event says how the run ended.
    """
    from agent.solve.graph import walk

    record = recorder.blob(json.dumps(to_record(problem)))
    dumped = settings.model_dump(mode="json")
    recorder.emit(
        Started(problem=record, name=problem.name, settings=dumped, isolation=sandbox.isolation, unused=list(unused))
    )
    executor = ProgramExecutor(sandbox, judging_of(problem, comparison_name=settings.comparison))
    if not recorder.is_replay:
        executor.remember(_recorded_executions(recorder))
    growing = GrowingTable(executor, partial(record_cell, recorder))
    clock = Clock(recorder.known.seconds)
    try:
        solving = Solving[Candidate, ProgramColumn](
            task=ProgramTask(
                problem=problem,
                coder_style=prompts_for(settings.coder_style),
                tester_style=prompts_for(settings.tester_style),
                extract=extractor(settings.extraction),
            ),
            settings=settings,
            engines=engines,
            select=selector(settings.selector),
            strategy=in_parts(settings.strategy),
            growing=growing,
            recorder=recorder,
            clock=clock,
            sandbox_works=partial(_works, executor),
            execute=partial(_helped, executor),
        )
        for number, test in enumerate(problem.examples, 1):
            solving.add_test(f"e{number}", test)
        readings, failure = await walk(solving)
        result = result_of(solving, readings, unused, failure)
        if failure is None:
            await _score_hidden(solving, readings[-1], problem.hidden, executor)
            await _audit(solving, readings[-1], executor)
    except (ReplayError, RecordEnds):
        await growing.cancel()
        raise
    except BaseException as error:
        await growing.cancel()
        record_failure(recorder, error, clock.seconds, dollars(recorder.state, settings.prices))
        raise
    recorder.emit(result)
    return Outcome(recorder.id, recorder.state, readings[-1].table)


async def _works(executor: ProgramExecutor) -> bool:
    """Whether the sandbox runs a program that does nothing."""
    executor.forget([("", "")])
    try:
        table = await fill(executor, ProgramTable({"nothing": Candidate("")}, {"nothing": UnitTest("", "")}))
    except SandboxError:
        return False
    return table.known("nothing", "nothing")


async def _helped(executor: ProgramExecutor, pairs: Sequence[ProgramInput]) -> dict[ProgramInput, Cell]:
    """The cells of programs that are no candidates, each run on its input, except where the sandbox failed."""
    table = ProgramTable(
        {source: Candidate(source) for source, _ in pairs}, {text: UnlabelledInput(text) for _, text in pairs}
    )
    filled = await fill(executor.under(executor.judging.with_time_limit(HELPER_SECONDS)), table, pairs)
    return {place: cell for place, cell in filled.cells.items() if cell.known}


def _recorded_executions(recorder: Recorder) -> dict[tuple[str, str], Execution]:
    """Recorded executions by program and input, so that candidates with equal programs share them."""
    known, found = recorder.known, dict[tuple[str, str], Execution]()
    for (candidate, test), event in known.cells.items():
        cell = cell_of(event, recorder.text)
        if cell.known:
            pair = recorder.text(known.candidates[candidate].source), recorder.text(known.tests[test].stdin)
            found[pair] = Execution(
                job="",
                index=0,
                verdict=cell.verdict,
                stdout=cell.stdout.encode(),
                stderr_tail=cell.stderr_tail.encode(),
                cpu_s=cell.cpu_s,
                peak_memory_kb=cell.peak_memory_kb,
                reason=cell.reason,
            )
    return found


async def _score_hidden(
    solving: AnySolving, reading: AnyReading, hidden: Sequence[UnitTest], executor: ProgramExecutor
) -> None:
    """Run the answer on the hidden tests, after everything is decided, and record how many it passes."""
    recorder = solving.recorder
    if reading.answer is None or not hidden:
        return
    scored = recorder.known.scored
    if scored is None or not recorder.takes_executions:
        tests = {str(i): test for i, test in enumerate(hidden)}
        answer = ProgramTable({"answer": Candidate(reading.table.candidates[reading.answer].text)}, tests)
        left = solving.seconds_left()
        try:
            async with asyncio.timeout(None if left is None else max(left, GRACE_S)):
                table = await fill(executor, answer)
        except (TimeoutError, SandboxError):
            # The answer stands without its score.
            return
        if not all(table.known("answer", name) for name in tests):
            return
        scored = Scored(reading.answer, sum(table.passes("answer", name) for name in tests), len(hidden))
    recorder.emit(scored)


async def _audit(solving: AnySolving, reading: AnyReading, executor: ProgramExecutor) -> None:
    """Run mutants of the answer on the tests, after everything is decided, and record which tests they pass and fail. A
    replay takes what is recorded, since how many mutants ended in time is not repeatable.
    """
    recorder = solving.recorder
    audited = recorder.known.audited
    left = solving.seconds_left()
    seconds = MUTANT_SECONDS if left is None else min(left, MUTANT_SECONDS)
    if audited is None and solving.settings.audit and not recorder.is_replay and reading.answer and seconds:
        runs = await run_mutants(executor, solving.table(), reading.answer, seconds=seconds)
        audited = audited_event(reading.answer, runs, recorder.blob)
    if audited is not None:
        recorder.emit(audited)
