"""The steps of a solve as plain async functions over one `Solver`; `graph.py` only puts them in order.

Texts live in the run's store and in the growing table; the graph's state carries names.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from agent.runs.events import (
    CandidateAdded,
    Decided,
    Event,
    Executed,
    RankedRound,
    Rejected,
    Sampled,
    TestAdded,
)
from agent.runs.store import RunWriter
from agent.solve.decide import FAILURES_SHOWN, Decision, answer_of, believed_failures, decide
from agent.solve.settings import SolveSettings
from agent.solve.spending import Spending
from cure.extract import Extractor
from cure.problem import Problem, UnitTest
from cure.prompts import Failure, PromptStyle
from cure.select import Ranking, Selector
from cure.select.confidence import Confidence, confidence, validity_of_tests
from cure.table import Candidate, Cell, GrowingTable, ProgramTable, behaviour
from engines.errors import EngineError
from engines.protocol import Completion, Engine, Prompt, Request, Sampling
from sandbox.errors import SandboxError
from sandbox.protocol import Verdict

GRACE_S = 2.0
"""Seconds the executions may take when sampling has used up the budget's time; without them it was for nothing."""
SURER = 0.01
MORE_SHARE = 2
"""A round that samples more asks for n / MORE_SHARE programs and m / MORE_SHARE tests."""


@dataclass(frozen=True)
class Reading:
    """What the table says at the end of a round."""

    table: ProgramTable
    ranking: Ranking
    posterior: Confidence
    validity: dict[str, float]


@dataclass
class Solver:
    """Everything a step needs, and what the run has learned so far."""

    problem: Problem
    settings: SolveSettings
    coder: Engine
    tester: Engine
    coder_style: PromptStyle
    tester_style: PromptStyle
    extract: Extractor
    select: Selector
    growing: GrowingTable[Candidate, UnitTest]
    run: RunWriter
    spending: Spending
    notice: Callable[[Event], None]
    errors: dict[str, list[str]] = field(default_factory=lambda: {"coder": [], "tester": []})
    answered: dict[str, int] = field(default_factory=lambda: {"coder": 0, "tester": 0})
    rejected: dict[str, list[str]] = field(default_factory=lambda: {"coder": [], "tester": []})
    gone: str = ""
    """The last error of a model that answered nothing in a whole round."""
    reading: Reading | None = None

    @property
    def last_error(self) -> str:
        """The last error of either role; empty without one."""
        return next((errors[-1] for errors in reversed(self.errors.values()) if errors), "")

    @property
    def notes(self) -> tuple[str, ...]:
        """What did not come of the answers, in sentences."""
        lines = []
        for role, what in (("coder", "program"), ("tester", "test")):
            if errors := self.errors[role]:
                lines.append(f"{len(errors)} requests of the {role} failed; the last: {errors[-1]}")
            if rejected := self.rejected[role]:
                lines.append(f"{len(rejected)} answers of the {role} gave no {what}; the last: {rejected[-1]}")
        return tuple(lines)

    def reject(self, role: str, completion: Completion, why: str) -> None:
        """Record an answer that gave nothing."""
        self.rejected[role].append(why)
        self.emit(Rejected(role, completion.key, completion.index, why))

    def emit(self, event: Event) -> None:
        """Record the event, then show it."""
        self.run.emit(event)
        self.notice(event)


def add_examples(solver: Solver) -> None:
    """Put the public examples into the table: trusted, and in it before anything else."""
    for i, test in enumerate(solver.problem.examples, 1):
        _add_test(solver, f"e{i}", test)


async def sample(solver: Solver, round_: int) -> None:
    """Ask both roles; each answer is extracted and executed as it comes."""
    before = sum(solver.answered.values())
    share = 1 if round_ == 1 else MORE_SHARE
    n, m = -(-solver.settings.n // share), -(-solver.settings.m // share)
    if solver.settings.temperature == 0:
        # Greedy decoding says the same each time; repetitions would pass for agreement.
        n, m = min(n, 1), min(m, 1)
    asks = {
        "coder": [_request(solver, f"coder/{round_}", solver.coder_style.coder(solver.problem), n)] if n else [],
        "tester": [_request(solver, f"tester/{round_}", solver.tester_style.tester(solver.problem), m)] if m else [],
    }
    if solver.coder is solver.tester:
        await _gather(solver, [_ask(solver, solver.coder, asks["coder"] + asks["tester"], round_)])
    else:
        engines = {"coder": solver.coder, "tester": solver.tester}
        await _gather(solver, [_ask(solver, engines[role], requests, round_) for role, requests in asks.items()])
    _raise_if_model_is_gone(solver)
    if sum(solver.answered.values()) == before and not solver.spending.spent:
        solver.gone = solver.last_error


async def repair(solver: Solver, round_: int, targets: Sequence[str]) -> None:
    """Ask the coder to repair the targets against failing tests worth believing; each repair is a new candidate."""
    assert solver.reading is not None, "repair follows a ranking"
    table, posterior = solver.reading.table, solver.reading.posterior
    each = max(1, solver.settings.n // max(1, len(targets))) if solver.settings.temperature else 1
    requests = []
    for target in targets:
        failing = believed_failures(table, target, posterior)[:FAILURES_SHOWN]
        failures = [_failure(table.tests[name], table.cells[target, name]) for name in failing]
        prompt = solver.coder_style.repair(solver.problem, table.candidates[target].text, failures)
        requests.append(_request(solver, f"repair/{round_}/{target}", prompt, each))
    await _gather(solver, [_ask(solver, solver.coder, requests, round_)])


async def settle(solver: Solver) -> None:
    """Wait for the executions still under way; when the time is up, for as long as short programs take, no longer."""
    left = solver.spending.seconds_left
    try:
        async with asyncio.timeout(None if left is None else max(left, GRACE_S)) as deadline:
            table = await solver.growing.settle()
    except TimeoutError:
        if not deadline.expired():
            raise
        await solver.growing.cancel()
        table = solver.growing.snapshot()
    cells = table.cells.values()
    if cells and all(cell.verdict is Verdict.SANDBOX_ERROR for cell in cells):
        raise SandboxError(f"the sandbox failed on all {len(cells)} executions: {next(iter(cells)).reason}")


def read_table(solver: Solver, round_: int, stale: int) -> tuple[Decision, int]:
    """Rank, judge and decide; returns the decision and how many rounds in a row brought nothing new."""
    previous, table = solver.reading, solver.growing.snapshot()
    ranking = solver.select(table)
    posterior = confidence(table)
    validity = validity_of_tests(table, posterior)
    solver.reading = Reading(table, ranking, posterior, validity)
    solver.emit(_ranked_event(round_, solver.reading))
    stale = 0 if previous is None or _brought_news(previous, solver.reading) else stale + 1
    decision = decide(
        table,
        ranking,
        posterior,
        solver.settings,
        rounds_done=round_,
        stale=stale,
        spent=solver.spending.spent,
        gone=solver.gone,
    )
    solver.emit(Decided(round_, decision.action, decision.why, list(decision.targets)))
    return decision, stale


def _brought_news(before: Reading, now: Reading) -> bool:
    """Whether a round showed a behaviour no earlier program has, or made the best answer surer."""
    known = {behaviour(now.table, name) for name in before.table.candidates}
    if any(behaviour(now.table, name) not in known for name in now.table.candidates):
        return True
    return _sureness(now) > _sureness(before) + SURER


def _sureness(reading: Reading) -> float:
    answer = answer_of(reading.table, reading.ranking)
    return 0.0 if answer is None else reading.posterior.of(answer)


def record_cell(run: RunWriter, notice: Callable[[Event], None], candidate: str, test: str, cell: Cell) -> None:
    """Record one filled cell of the table."""
    event = Executed(
        candidate,
        test,
        str(cell.verdict),
        cell.passed,
        run.blob(cell.stdout),
        cell.stderr_tail,
        cell.reason,
        cell.cpu_s,
        cell.peak_memory_kb,
    )
    run.emit(event)
    notice(event)


async def _gather(solver: Solver, asks: Sequence[Coroutine[None, None, None]]) -> None:
    """Run the asks side by side until they end, one fails, or the time is up."""
    tasks = [asyncio.create_task(ask) for ask in asks]
    try:
        async with asyncio.timeout(solver.spending.seconds_left) as deadline:
            await asyncio.gather(*tasks)
    except TimeoutError:
        if not deadline.expired():
            raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ask(solver: Solver, engine: Engine, requests: list[Request], round_: int) -> None:
    """Record, extract and add every completion as it comes; stop asking once the budget is spent."""
    async with aclosing(engine.complete(requests)) as completions:
        async for completion in completions:
            _take(solver, completion, round_)
            if solver.spending.spent:
                return


def _role(key: str) -> str:
    """Which role a request's key speaks for; a repair is the coder's."""
    return "tester" if key.startswith("tester/") else "coder"


def _take(solver: Solver, completion: Completion, round_: int) -> None:
    role = _role(completion.key)
    # Half a surrogate pair is no text; a server that splits one between two pieces sends it.
    completion = replace(completion, text=completion.text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    solver.spending.add(completion.usage)
    solver.emit(
        Sampled(
            role,
            completion.key,
            completion.index,
            completion.finish,
            solver.run.blob(completion.text),
            completion.usage.prompt_tokens,
            completion.usage.completion_tokens,
            completion.error,
        )
    )
    if completion.finish == "error":
        solver.errors[role].append(completion.error)
        return
    solver.answered[role] += 1
    if role == "coder":
        _take_program(solver, completion, round_)
    else:
        _take_test(solver, completion)


def _take_program(solver: Solver, completion: Completion, round_: int) -> None:
    extracted = solver.extract.program(completion.text)
    if extracted.value is None:
        solver.reject("coder", completion, extracted.why)
        return
    parts = completion.key.split("/")
    parent = parts[2] if parts[0] == "repair" else None
    candidate = Candidate(extracted.value, "repair" if parent else "sampled", parent, round_)
    name = f"c{solver.growing.candidate_count + 1}"
    solver.emit(
        CandidateAdded(
            name,
            solver.run.blob(candidate.text),
            candidate.origin,
            parent,
            round_,
            completion.key,
            completion.index,
        )
    )
    solver.growing.add_candidate(name, candidate)


def _take_test(solver: Solver, completion: Completion) -> None:
    extracted = solver.extract.test(completion.text)
    if extracted.value is None:
        solver.reject("tester", completion, extracted.why)
        return
    test = extracted.value
    if any(test.stdin.split() == example.stdin.split() for example in solver.problem.examples):
        solver.reject("tester", completion, "It repeats the input of a public example.")
        return
    name = f"t{solver.growing.generated_count + 1}"
    _add_test(solver, name, test, completion.key, completion.index)


def _add_test(solver: Solver, name: str, test: UnitTest, key: str = "", index: int = 0) -> None:
    blob = solver.run.blob
    solver.emit(TestAdded(name, blob(test.stdin), blob(test.expected), test.origin, key, index))
    solver.growing.add_test(name, test)


def _failure(test: UnitTest, cell: Cell) -> Failure:
    got = cell.stdout if cell.verdict is Verdict.OK else ""
    error = "" if cell.verdict is Verdict.OK else f"{cell.verdict}: {cell.reason}\n{cell.stderr_tail}".strip()
    return Failure(test, got, error)


def _request(solver: Solver, key: str, prompt: Prompt, count: int) -> Request:
    settings = solver.settings
    style = solver.coder_style if _role(key) == "coder" else solver.tester_style
    sampling = Sampling(
        settings.temperature, settings.top_p, None, settings.max_tokens, request_seed(settings.seed, key), style.stop
    )
    return Request(key, prompt, count, sampling)


def request_seed(seed: int, key: str) -> int:
    """A seed in 0..2^31-1 for one request of a run: the same run twice asks the same."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=4).digest(), "big") >> 1


def _raise_if_model_is_gone(solver: Solver) -> None:
    """A coder that answered nothing but errors is a dead model backend; what was recorded stays."""
    errors = solver.errors["coder"]
    if errors and not solver.answered["coder"] and not solver.spending.spent:
        raise EngineError(f"{solver.settings.coder} answered none of {len(errors)} requests: {errors[-1]}")


def _ranked_event(round_: int, reading: Reading) -> RankedRound:
    ranking, posterior = reading.ranking, reading.posterior
    return RankedRound(
        round_,
        ranking.selector,
        list(ranking.score_names),
        [(ranked.candidate, list(ranked.score)) for ranked in ranking.ranked],
        {ranked.candidate: posterior.of(ranked.candidate) for ranked in ranking.ranked},
        posterior.unsolved,
        reading.validity,
        [
            {"cluster": list(h.cluster), "probability": h.probability, "terms": dict(h.terms)}
            for h in posterior.hypotheses[:3]
        ],
    )
