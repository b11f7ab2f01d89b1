"""Asks models for the samples of a move that are not recorded yet; answers enter the table as they arrive."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import KW_ONLY, dataclass
from typing import Literal

from agent.runs.events import Asked, Rejected, Sampled
from agent.solve.affording import Queue, Wanted, most, queue
from agent.solve.attempts import answered, errors
from agent.solve.solving import Solving
from agent.solve.task import ColumnT, Rejection, RowT
from cure.asking import Part
from engines import Engine, EngineError, Prompt, Request, Sampling, prompt_text

LETTERS = {"coder": "c", "tester": "t"}
"""First letter of candidate and test names."""

FIRST = {"coder": "coder/1", "tester": "tester/1"}
"""Keys of the first round's requests."""


@dataclass(frozen=True)
class Ask:
    """A request of a move to one role."""

    role: Literal["coder", "tester"]
    key: str
    """Identifies the request within the run, and determines its seed."""
    prompt: Prompt
    n: int
    """Number of samples. With temperature 0 only one sample is drawn: greedy decoding repeats the same answer, and its
    copies would look like agreement of independent samples."""
    _: KW_ONLY
    parent: str | None = None
    """Name of the candidate to repair."""
    gives: str = ""
    """Kind of text that is asked for in place of a candidate or a test, of which `Solving.texts` has the answers; empty
    where candidates or tests are asked for."""
    max_tokens: int | None = None
    """Maximum number of tokens per answer; None for that of the settings."""
    start: int = 0
    """Number of samples requested before with this key and prompt, which this request continues. Its own key is
    `KEY.START`, and its seeds go on where those of the samples before end."""


async def ask(solving: Solving[RowT, ColumnT], round_: int, wanted: Sequence[Ask]) -> None:
    """Ask for the samples of a move; candidates and tests enter the table, and are executed, as they arrive.

    Recorded answers are reused, in their order of arrival. Missing answers are requested, except in a replay and for a
    round that is recorded completely, until the budget is exhausted. Raises EngineError when requests to the coder have
    failed and the coder has not answered any request of this run; outside a replay only while budget is left.
    """
    requests = [_announced(solving, round_, each) for each in wanted if each.n]
    by_key = {asked.key: asked for asked, _ in requests}
    for _, event in solving.recorder.known.recorded.values():
        if isinstance(event, Sampled) and event.key in by_key:
            _record_answer(solving, by_key[event.key], event, solving.recorder.text(event.text))
    if solving.is_recorded(round_):
        return
    state, is_replay = solving.recorder.state, solving.recorder.is_replay
    if not is_replay and not solving.exhausted():
        await _ask_for_missing(solving, requests)
    failed = errors(state, "coder")
    if failed and not answered(state, "coder") and (is_replay or not solving.exhausted()):
        raise EngineError(f"{solving.settings.coder} answered none of {len(failed)} requests: {failed[-1]}")


def request_seed(seed: int, key: str) -> int:
    """A seed in 0..2^31-1 for one request, derived from the run's seed and the request's key."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=4).digest(), "big") >> 1


def _announced(solving: Solving[RowT, ColumnT], round_: int, wanted: Ask) -> tuple[Asked, Request]:
    """Record a request before it is sent; return its event and the engine's request."""
    settings, recorder = solving.settings, solving.recorder
    n = wanted.n if settings.temperature else 1
    seed = request_seed(settings.seed, wanted.key) + wanted.start
    key = f"{wanted.key}.{wanted.start}" if wanted.start else wanted.key
    asked = Asked(
        key=key,
        role=wanted.role,
        prompt=recorder.blob(prompt_text(wanted.prompt)),
        n=n,
        first=recorder.state.wanted[wanted.role] + 1,
        seed=seed,
        round=round_,
        parent=wanted.parent,
        gives=wanted.gives,
        start=wanted.start,
    )
    recorder.emit(asked)
    longest = settings.max_tokens if wanted.max_tokens is None else wanted.max_tokens
    sampling = Sampling(settings.temperature, settings.top_p, None, longest, seed, solving.task.stop(wanted.role))
    return asked, Request(key, wanted.prompt, n, sampling)


async def _ask_for_missing(solving: Solving[RowT, ColumnT], requests: Sequence[tuple[Asked, Request]]) -> None:
    """Request missing samples, until all have come, an engine fails, time is up, or the budget is spent.

    As many samples are under way as the budget affords: without a limit on tokens and dollars all of them, else further
    ones are requested as answers arrive.
    """
    samples, arrival = solving.recorder.state.samples, asyncio.Event()
    wanted = [Wanted(asked, request, most(request, solving.price(asked.role))) for asked, request in requests]
    missing = queue(wanted, lambda key: samples.get(key, ()))
    tasks: set[asyncio.Task[None]] = set()
    try:
        async with asyncio.timeout(solving.seconds_left()) as deadline:
            while not solving.exhausted():
                for engine, parts in _by_engine(solving, missing.take(solving.affords)):
                    tasks.add(asyncio.create_task(_ask_engine(solving, engine, parts, missing, arrival)))
                if not tasks:
                    return
                tasks = await _any(tasks, arrival)
    except TimeoutError:
        if not deadline.expired():
            raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _by_engine(
    solving: Solving[RowT, ColumnT], parts: Sequence[tuple[Asked, Part]]
) -> Iterable[tuple[Engine, dict[str, tuple[Asked, Part]]]]:
    """Each engine with its parts, by the key of their request; one engine may answer in both roles."""
    found: dict[int, tuple[Engine, dict[str, tuple[Asked, Part]]]] = {}
    for asked, part in parts:
        engine = solving.engines[asked.role]
        found.setdefault(id(engine), (engine, {}))[1][part.request.key] = asked, part
    return found.values()


async def _any(tasks: set[asyncio.Task[None]], arrival: asyncio.Event) -> set[asyncio.Task[None]]:
    """The tasks that still run, once a sample has arrived or a task has ended. Raises what an ended task raised."""
    waiting = asyncio.ensure_future(arrival.wait())
    try:
        done, _ = await asyncio.wait({*tasks, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
    arrival.clear()
    for task in done & tasks:
        task.result()
    return tasks - done


async def _ask_engine(
    solving: Solving[RowT, ColumnT],
    engine: Engine,
    parts: dict[str, tuple[Asked, Part]],
    missing: Queue,
    arrival: asyncio.Event,
) -> None:
    """Record the samples of the parts as they arrive, and set `arrival` each time."""
    async with aclosing(engine.complete([part.request for _, part in parts.values()])) as completions:
        async for completion in completions:
            asked, part = parts[completion.key]
            text = _without_lone_surrogates(completion.text)
            sample = Sampled(
                role=asked.role,
                key=asked.key,
                index=part.first + completion.index,
                finish=completion.finish,
                text=solving.recorder.blob(text),
                prompt_tokens=completion.usage.prompt_tokens,
                completion_tokens=completion.usage.completion_tokens,
                error=_without_lone_surrogates(completion.error),
            )
            _record_answer(solving, asked, sample, text)
            missing.arrived(asked.key, sample.index)
            arrival.set()
            if solving.exhausted():
                return


def _record_answer(solving: Solving[RowT, ColumnT], asked: Asked, sample: Sampled, text: str) -> None:
    """Record one answer and its candidate, test or rejection.

    Candidates and tests are numbered in the order of the requests, so names do not depend on the order of arrival.
    """
    solving.recorder.emit(sample)
    if sample.finish == "error" or asked.gives:
        return
    place = asked.key, sample.index
    name = f"{LETTERS[asked.role]}{asked.first + sample.index}"
    found: RowT | ColumnT | Rejection
    if asked.role == "coder":
        candidate = found = solving.task.read_candidate(asked, text)
        if not isinstance(candidate, Rejection):
            solving.add_candidate(name, candidate, *place)
    else:
        test = found = solving.task.read_test(text)
        if not isinstance(test, Rejection):
            solving.add_test(name, test, *place)
    if isinstance(found, Rejection):
        cut = " It was cut at --max-tokens." if sample.finish == "length" else ""
        solving.recorder.emit(Rejected(asked.role, *place, found.reason + cut))


def _without_lone_surrogates(text: str) -> str:
    """The text with lone surrogates replaced, and pairs of surrogates joined, which some servers split in a stream."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
