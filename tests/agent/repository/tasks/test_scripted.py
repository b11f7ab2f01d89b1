"""Scripts of a scripted engine: rates, truth, and that the engine gives what was drawn."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.repository_tasks.pools import CoderAnswer, Pool, TesterAnswer
from benchmarks.repository_tasks.scripted import Rates, scripted
from engines import Request, Sampling, TextPrompt, open_engine

KINDS = ("mutant", "malformed", "weakening")
POOL = Pool(
    "task",
    tuple(
        CoderAnswer(f"c{at}", "fix" if at < 3 else KINDS[at % 3], "files", f"edit {at}", None, at < 3, at < 3)
        for at in range(12)
    ),
    tuple(TesterAnswer(f"t{at}", "whole", f"test {at}", "", at < 4, False, at < 4) for at in range(8)),
)


@given(st.integers(0, 10**6), st.floats(0.1, 0.9), st.floats(0.1, 0.9))
def test_the_truth_of_what_is_drawn_is_that_of_the_pool(seed: int, candidates: float, tests: float) -> None:
    script = scripted(POOL, Rates(candidates, tests), seed=seed)
    truth = {answer.id: (answer.right, answer.text) for answer in (*POOL.coder, *POOL.tester)}
    assert all((each.right, each.text) == truth[each.answer] for each in script.drawn)
    assert script == scripted(POOL, Rates(candidates, tests), seed=seed)
    assert script.has_right(8) == any(each.right for each in script.of("coder")[:8])


def test_shares_of_right_answers_are_the_rates_asked_for() -> None:
    scripts = [scripted(POOL, Rates(0.3, 0.6, 0.5), seed=seed) for seed in range(200)]
    for role, rate in (("coder", 0.3), ("tester", 0.6), ("repair", 0.5)):
        drawn = [each.right for script in scripts for each in script.of(role)]
        assert sum(drawn) / len(drawn) == pytest.approx(rate, abs=0.02)


def test_without_a_right_edit_neither_coder_nor_repair_is_ever_right() -> None:
    for seed in range(20):
        script = scripted(POOL, Rates(has_right=False), seed=seed)
        assert not any(each.right for each in (*script.of("coder"), *script.of("repair")))
        assert any(each.right for each in script.of("tester"))


def test_a_pool_without_the_needed_answer_is_named() -> None:
    with pytest.raises(ValueError, match="no right answer for coder"):
        scripted(Pool("task", POOL.coder[3:], POOL.tester), Rates(), seed=0)


def test_the_engine_gives_the_answers_in_their_order(tmp_path: Path) -> None:
    script = scripted(POOL, Rates(), seed=1, count=6)

    async def answers() -> dict[str, list[str]]:
        engine = await open_engine(f"scripted:{script.write(tmp_path / 'script.json')}")
        prompt = TextPrompt("?")
        keys = {"coder/1": 6, "tester/1": 6, "repair/2/c1": 2}
        requests = [Request(key, prompt, n, Sampling()) for key, n in keys.items()]
        said: dict[str, list[str]] = {key: [""] * n for key, n in keys.items()}
        async for completion in engine.complete(requests):
            said[completion.key][completion.index] = completion.text
        return said

    said = asyncio.run(answers())
    assert said["coder/1"] == [each.text for each in script.of("coder")]
    assert said["tester/1"] == [each.text for each in script.of("tester")]
    assert said["repair/2/c1"] == [each.text for each in script.of("repair")][:2]
