"""Solves every problem with every strategy: recorded runs whose samples are shared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.compare.answers import Answers, RememberingEngine
from agent.compare.anytime import Step, anytime
from agent.compare.folder import Folder, Solved
from agent.runs.events import Resumed
from agent.runs.outcome import Outcome
from agent.runs.record import RecordedRun, load_run
from agent.runs.recorder import Recorder
from agent.runs.state import STOPPED
from agent.runs.store import RunWriter, create_run
from agent.solve.run import solve_problem
from agent.solve.settings import SolveSettings
from cure.problem import Problem, UnitTest
from cure.select import selector
from cure.session import Session
from cure.table import Candidate, ProgramExecutor, ProgramTable, fill, judging_of
from engines import Engine, EngineError
from sandbox import SandboxError


@dataclass
class Missing:
    """Solves that came to no outcome, and why."""

    reasons: list[str] = field(default_factory=list)
    error: EngineError | SandboxError | None = None
    """The last reason, as it was raised."""

    def add(self, error: EngineError | SandboxError, what: str) -> None:
        """Note a solve that this error ended."""
        self.reasons.append(f"{what}: {error}")
        self.error = error


async def solve_all(
    problems: Sequence[Problem],
    strategies: Mapping[str, SolveSettings],
    session: Session,
    folder: Folder,
    *,
    at_once: int = 1,
    on_solved: Callable[[Solved], None] = lambda _: None,
) -> Missing:
    """What is missing after solving each problem with each strategy; outcomes that `folder` has are not repeated.

    The strategies take their turns at one problem before the next begins; `at_once` problems are worked on at a time. A
    run that was begun earlier is resumed. A solve that the model or the sandbox ended is noted, and the next call
    resumes its run. Raises EngineError or SandboxError once a model no longer answers or the sandbox no longer works.
    """
    missing, gate = Missing(), asyncio.Semaphore(at_once)
    comparing = _Comparing(session, folder)

    async def one(problem: Problem) -> None:
        async with gate:
            for name, settings in strategies.items():
                if (problem.name, name) not in folder.solved:
                    try:
                        folder.end(await comparing.solved(problem, name, settings))
                    except (EngineError, SandboxError) as error:
                        missing.add(error, f"{problem.name} with {name}")
                        await comparing.check(settings)
                        continue
                on_solved(folder.solved[problem.name, name])

    try:
        async with asyncio.TaskGroup() as tasks:
            for problem in problems:
                tasks.create_task(one(problem))
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from None
    return missing


class _Comparing:
    def __init__(self, session: Session, folder: Folder) -> None:
        self._session, self._folder, self._answers = session, folder, Answers(folder.answers)

    async def check(self, settings: SolveSettings) -> None:
        """Raise EngineError or SandboxError if a model no longer answers, or the sandbox no longer runs programs."""
        for model in {settings.coder, settings.tester}:
            await self._session.engines[model].check()
        executor = ProgramExecutor(self._session.sandbox, judging_of(Problem("")))
        table = await fill(executor, ProgramTable({"nothing": Candidate("")}, {"nothing": UnitTest("", "")}))
        if not table.known("nothing", "nothing"):
            raise SandboxError(f"the sandbox stopped working: {table.cells['nothing', 'nothing'].reason}")

    async def solved(self, problem: Problem, strategy: str, settings: SolveSettings) -> Solved:
        """The outcome of one solve. Raises EngineError or SandboxError where model or sandbox ended it."""
        models, own = (settings.coder, settings.tester), self._session.engines
        # Under a limit of seconds nothing is shared: it would stop a strategy that waits for its samples before one
        # that finds them stored.
        shares = settings.budget.seconds is None
        remembering = {model: RememberingEngine(own[model], self._answers) for model in models} if shares else {}
        engines: dict[str, Engine] = {model: remembering.get(model, own[model]) for model in models}
        past = self._folder.begun(problem.name, strategy)
        writer = create_run(self._folder.path) if past is None else RunWriter(past, resumes=True)
        if past is None:
            self._folder.begin(problem.name, strategy, writer.id)
        try:
            recorded = None if past is None else load_run(past)
            if recorded is not None and not recorded.state.is_resumable:
                outcome = recorded.outcome()
            else:
                outcome = await solve_problem(
                    problem,
                    settings,
                    engines={"coder": engines[settings.coder], "tester": engines[settings.tester]},
                    sandbox=self._session.sandbox,
                    recorder=Recorder(writer, recorded and self._resumed(recorded, writer)),
                )
        finally:
            writer.close()
        if outcome.result.status in STOPPED:
            raise (SandboxError if outcome.result.status == "sandbox_error" else EngineError)(outcome.result.why)
        saved = max((engine.saved_seconds for engine in remembering.values()), default=0.0)
        return await self._judged(problem, strategy, settings, outcome, saved)

    def _resumed(self, past: RecordedRun, writer: RunWriter) -> RecordedRun:
        event = Resumed(self._session.sandbox.isolation)
        writer.emit(event)
        past.state.fold(event, time.time())
        return past

    async def _judged(
        self, problem: Problem, strategy: str, settings: SolveSettings, outcome: Outcome, saved: float
    ) -> Solved:
        steps, result = anytime(outcome, selector(settings.selector)), outcome.result
        right = await self._right(problem, settings, outcome, steps)
        return Solved(
            problem=problem.name,
            strategy=strategy,
            run=outcome.run,
            status=result.status,
            answered=outcome.program is not None,
            right=right[outcome.program],
            confidence=result.confidence,
            tokens=result.tokens,
            seconds=round(result.seconds + saved, 3),
            steps=tuple((step.tokens, right[step.program]) for step in steps),
        )

    async def _right(
        self, problem: Problem, settings: SolveSettings, outcome: Outcome, steps: Iterable[Step]
    ) -> dict[str | None, bool]:
        """Whether each program passes every hidden test; False for None. Raises SandboxError where an execution that
        decides this is lost.
        """
        right: dict[str | None, bool] = {None: False}
        scored = outcome.state.scored
        if scored is not None:
            right[outcome.program] = scored.passed == scored.total
        sources = {step.program for step in steps} | {outcome.program}
        rows = {source: Candidate(source) for source in sources if source is not None and source not in right}
        columns = {str(number): test for number, test in enumerate(problem.hidden)}
        executor = ProgramExecutor(
            self._session.sandbox, judging_of(problem, comparison_name=settings.comparison, give_up_after=1)
        )
        table = await fill(executor, ProgramTable(rows, columns))
        for source in rows:
            failed = any(table.known(source, name) and not table.passes(source, name) for name in columns)
            right[source] = not failed
            if not failed and not all(table.known(source, name) for name in columns):
                raise SandboxError("the sandbox failed on executions of hidden tests")
        return right
