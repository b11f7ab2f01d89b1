"""Budgets of tokens, dollars and seconds are exceeded by one request at most: a real server counts what it is asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.runs.events import Asked
from agent.solve.affording import Wanted, queue, total
from agent.solve.settings import Budget
from agent.solve.spending import Spent
from cure.price import Price
from engines import Completion, Delta, Request, Sampling, TextPrompt, Usage
from tests.agent.conftest import Desk
from tests.end_to_end.conftest import TESTS, WRONG
from tests.engines.faulty_server import FaultyServer

PROMPT_TOKENS = 30
LONGEST = 100
PRICE = Price(2, 8)


@dataclass
class CountingEngine:
    """Counts all tokens of every sample that it is asked for, whether anyone waits for the answer or not."""

    delay_s: float = 0.01
    tokens: list[tuple[int, int]] = field(default_factory=list)
    """Prompt and completion tokens of each sample begun."""
    finished: int = 0
    spec = model = "counting"

    async def complete(
        self,
        requests: Sequence[Request],
        on_delta: Callable[[Delta], None] | None = None,
    ) -> AsyncGenerator[Completion, None]:
        tasks = [asyncio.create_task(self._answer(request, i)) for request in requests for i in range(request.n)]
        try:
            for task in asyncio.as_completed(tasks):
                yield await task
        finally:
            for task in tasks:
                task.cancel()

    async def _answer(self, request: Request, index: int) -> Completion:
        seed = (request.sampling.seed or 0) + index
        usage = Usage(PROMPT_TOKENS if index == 0 else 0, 20 + seed % (LONGEST - 20))
        self.tokens.append((usage.prompt_tokens, usage.completion_tokens))
        await asyncio.sleep(self.delay_s)
        self.finished += 1
        text = [WRONG, TESTS[seed % len(TESTS)]][seed % 2]
        return Completion(request.key, index, text, "stop", usage=usage)

    async def check(self) -> str:
        return "counts"

    async def close(self) -> None:
        """Nothing to free."""


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[CountingEngine, str]]:
    # A stream of several samples gives their usage together, at its end: the usage of each would be an estimate.
    monkeypatch.setenv("CURE_AGENT_HTTP_PER_REQUEST", "1")
    engine = CountingEngine()
    with FaultyServer(engine, "counting") as server:
        yield engine, server.url("ok", model="counting")


ALL = ("-n", 12, "-m", 12, "--rounds", 9, "--max-tokens", LONGEST)


@pytest.mark.parametrize("tokens", [1, 400, 2500, 12_000])
def test_tokens_are_exceeded_by_one_request_at_most(
    desk: Desk, counting: tuple[CountingEngine, str], tokens: int
) -> None:
    engine, model = counting
    done = desk.solve("--model", model, *ALL, "--budget", f"{tokens}tok", "--json")
    counted = sum(map(sum, engine.tokens))
    assert counted <= tokens + PROMPT_TOKENS + LONGEST
    recorded = desk.newest.state.completion_tokens.total()
    assert recorded == sum(completion for _, completion in engine.tokens), "what was begun is recorded"
    assert json.loads(done.stdout)["tokens"] >= recorded
    if tokens < 2500:
        assert done.code == 4, done.stderr


@pytest.mark.parametrize("cents", [0.001, 0.1, 1.0])
def test_dollars_are_exceeded_by_one_request_at_most_and_shown(
    desk: Desk, counting: tuple[CountingEngine, str], cents: float
) -> None:
    engine, model = counting
    price = f"{PRICE.prompt}/{PRICE.completion}"
    done = desk.solve("--model", model, *ALL, "--budget", f"${cents / 100:.5f}", "--price", price, "--json")
    paid = sum(PRICE.of(*each) for each in engine.tokens)
    assert paid <= cents / 100 + PRICE.of(PROMPT_TOKENS, LONGEST)
    state = desk.newest.state
    known = PRICE.of(state.prompt_tokens.total(), sum(completion for _, completion in engine.tokens))
    assert json.loads(done.stdout)["dollars"] == pytest.approx(known)
    assert state.result is not None and state.result.dollars == pytest.approx(known)
    assert f"tokens, ${known:.4g}, " in desk.run("why").stdout
    assert desk.run("replay").code == 0


def test_seconds_end_all_requests_under_way_and_no_other_is_sent(
    desk: Desk, counting: tuple[CountingEngine, str]
) -> None:
    engine, model = counting
    engine.delay_s = 60
    done = desk.solve("--model", model, *ALL, "--budget", "0.5s")
    assert done.code == 4, done.stderr
    assert engine.finished == 0
    assert len(engine.tokens) <= 24, "those of the first round alone"


@pytest.mark.parametrize("spec", ["--price", "--coder-price"])
def test_dollars_without_a_price_are_refused_in_one_line(desk: Desk, spec: str) -> None:
    given = [] if spec == "--price" else [spec, "1/2"]
    done = desk.solve("--model", "micro", "--budget", "$1,60s", *given)
    assert done.code == 2
    assert "a budget in dollars needs the price of micro" in done.stderr.splitlines()[-1]
    assert desk.solve("--model", "micro", "--price", "cheap").code == 2


COSTS = st.lists(st.integers(0, 50), min_size=1, max_size=40)


@given(COSTS, st.integers(1, 400), st.booleans())
def test_the_most_that_can_be_spent_is_the_budget_and_one_sample(costs: list[int], tokens: int, newest: bool) -> None:
    """Each sample costs up to 50 tokens; of the samples under way, the first or the last always arrives next."""
    request = Request("coder/1", TextPrompt("x"), len(costs), Sampling())
    asked = Asked(key="coder/1", role="coder", prompt="", n=len(costs), first=1, seed=0, round=1)
    missing = queue([Wanted(asked, request, Spent(tokens=50))], lambda _: ())
    budget, spent = Budget(tokens=tokens), 0
    while not budget.exhausted(Spent(tokens=spent)):
        missing.take(lambda cost: budget.affords(Spent(tokens=spent), cost))  # noqa: B023 (called at once)
        if not missing.under_way:
            break
        reserved = total(missing.under_way.values()).tokens
        assert spent + reserved <= tokens or len(missing.under_way) == 1
        key, index = list(missing.under_way)[-1 if newest else 0]
        missing.arrived(key, index)
        spent += costs[index]
    assert spent < tokens + 50
    assert spent >= min(tokens, sum(costs)), "what is affordable is asked for"
