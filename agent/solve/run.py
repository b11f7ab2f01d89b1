"""One recorded solve from problem to outcome."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from agent.errors import RunError
from agent.runs.events import Event, Result, Scored, Started
from agent.runs.store import RunWriter, cannot_record
from agent.solve import solver as steps
from agent.solve.decide import answer_of, verified
from agent.solve.outcome import Outcome, Status
from agent.solve.settings import SolveSettings
from agent.solve.solver import Solver
from agent.solve.spending import Spending
from cure.extract import extractor
from cure.problem import Problem
from cure.problem.file import to_record
from cure.prompts import prompts_for
from cure.select import selector
from cure.table import Candidate, GrowingTable, ProgramExecutor, ProgramTable, fill, judging_of
from engines.protocol import Engine
from sandbox.errors import SandboxError
from sandbox.protocol import Sandbox

FAILURE_STATUS = {5: "model_error", 6: "sandbox_error"}
"""Status of a run that an error ended, by the error's exit code."""


def silent(event: Event) -> None:
    """Show nothing."""


async def solve_problem(
    problem: Problem,
    settings: SolveSettings,
    *,
    coder: Engine,
    tester: Engine,
    sandbox: Sandbox,
    run: RunWriter,
    notice: Callable[[Event], None] = silent,
) -> Outcome:
    """The answer, or an honest "not solved", with its evidence; every step is recorded in `run`.

    Raises EngineError when the model answers nothing, SandboxError when nothing can be run, RunError when recording
    fails. Whatever happens, the run's last event says how it ended.
    """
    run.emit(Started(run.blob(json.dumps(to_record(problem))), problem.name, settings.model_dump(), sandbox.isolation))
    spending = Spending(settings.budget)
    executor = ProgramExecutor(sandbox, judging_of(problem, comparison_name=settings.comparison))
    growing = GrowingTable(executor, partial(steps.record_cell, run, notice))
    try:
        solver = Solver(
            problem=problem,
            settings=settings,
            coder=coder,
            tester=tester,
            coder_style=prompts_for(settings.coder_style),
            tester_style=prompts_for(settings.tester_style),
            extract=extractor(settings.extraction),
            select=selector(settings.selector),
            growing=growing,
            run=run,
            spending=spending,
            notice=notice,
        )
        steps.add_examples(solver)
        await _walk(solver, run.folder / "checkpoint.sqlite")
        outcome = _outcome(solver)
        outcome = await _score_hidden(outcome, solver, executor)
    except BaseException as error:
        await growing.cancel()
        _record_failure(run, error, spending)
        raise
    solver.emit(
        Result(
            outcome.status,
            outcome.exit_code,
            outcome.candidate,
            outcome.confidence,
            outcome.why,
            outcome.tokens,
            outcome.seconds,
        )
    )
    return outcome


@asynccontextmanager
async def _checkpointer(path: Path) -> AsyncIterator[Any]:
    """LangGraph's SQLite saver; a full or broken disk under it is a RunError like any other recording's."""
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

    try:
        async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
            yield saver
    except sqlite3.Error as error:
        raise cannot_record(path.parent, str(error)) from error


async def _walk(solver: Solver, checkpoint: Path) -> None:
    """Run the graph to its end, with a checkpoint after every step."""
    from langchain_core.runnables import RunnableConfig

    from agent.solve.graph import START_STATE, build_graph

    async with _checkpointer(checkpoint) as saver:
        graph = build_graph(saver)
        limit = 10 + 4 * solver.settings.rounds
        config = RunnableConfig(configurable={"thread_id": solver.run.id}, recursion_limit=limit)
        await graph.ainvoke(START_STATE, config, context=solver)


def _outcome(solver: Solver) -> Outcome:
    """The outcome as the last reading of the table has it."""
    reading = solver.reading
    assert reading is not None, "the graph ends after a ranking"
    candidate = answer_of(reading.table, reading.ranking)
    sure = 0.0 if candidate is None else reading.posterior.of(candidate)
    status, why = _status(solver, candidate, sure)
    return Outcome(
        solver.run.id,
        status,
        candidate,
        sure,
        why,
        reading.table,
        reading.ranking,
        reading.posterior,
        reading.validity,
        solver.spending.tokens,
        solver.spending.seconds,
        solver.notes,
    )


def _status(solver: Solver, candidate: str | None, sure: float) -> tuple[Status, str]:
    confident, reading = solver.settings.confident, solver.reading
    assert reading is not None, "the graph ends after a ranking"
    if candidate is not None and verified(reading.table, candidate, reading.posterior, confident):
        return "verified", f"right with probability {sure:.2f}"
    if spent := solver.spending.spent:
        return "budget", f"the budget is spent: {spent}"
    if candidate is None:
        if reading.ranking.best is None:
            return "unsolved", "no program came out of the model's answers"
        return "unsolved", "no program passes every public example, or none runs to its end"
    if sure >= confident:
        return "low_confidence", "the programs agree, but none of them has passed a test"
    return "low_confidence", f"right with probability {sure:.2f}, below {confident:.2f}"


async def _score_hidden(outcome: Outcome, solver: Solver, executor: ProgramExecutor) -> Outcome:
    """The outcome with the answer's hidden tests counted; looked at only now, when nothing depends on them any more."""
    hidden = solver.problem.hidden
    if outcome.program is None or not hidden:
        return outcome
    asked = ProgramTable({"answer": Candidate(outcome.program)}, {str(i): test for i, test in enumerate(hidden)})
    left = solver.spending.seconds_left
    try:
        async with asyncio.timeout(None if left is None else max(left, steps.GRACE_S)):
            table = await fill(executor, asked)
    except (TimeoutError, SandboxError):
        # The answer stands without its score.
        return outcome
    if not all(table.known("answer", name) for name in table.tests):
        return outcome
    passed = sum(table.passes("answer", name) for name in table.tests)
    solver.emit(Scored(outcome.candidate or "", passed, len(hidden)))
    return replace(outcome, hidden_passed=passed, hidden_total=len(hidden))


def _record_failure(run: RunWriter, error: BaseException, spending: Spending) -> None:
    """Let the run end with a result that says what broke; when even that cannot be written, the error speaks alone."""
    interrupted = isinstance(error, (KeyboardInterrupt, asyncio.CancelledError))
    exit_code = 130 if interrupted else getattr(error, "exit_code", 1)
    status = "interrupted" if interrupted else FAILURE_STATUS.get(exit_code, "error")
    why = "interrupted" if interrupted else str(error) or type(error).__name__
    with suppress(RunError):
        run.emit(Result(status, exit_code, None, 0.0, why, spending.tokens, spending.seconds))
