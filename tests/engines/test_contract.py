"""What every engine promises, tested on four: scripted, local, a local model over HTTP, and llama.cpp."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing

import pytest

from engines import ChatPrompt, Delta, GgufOptions, Message, Request, Sampling, TextPrompt, open_engine
from engines.local.text import Text

WORDS = "the quick brown fox jumps over the lazy dog " * 20


@pytest.fixture(params=["scripted", "hf", "http", "gguf"])
async def engine(request, tmp_path):
    if request.param == "scripted":
        path = tmp_path / "completions.jsonl"
        path.write_text(json.dumps({"text": WORDS, "delay_s": 0.3, "deltas": 50, "repeat": True}))
        spec = f"scripted:{path}"
    elif request.param == "http":
        spec = request.getfixturevalue("served")
    else:
        spec = f"{request.param}:{request.getfixturevalue('tiny_gguf' if request.param == 'gguf' else 'tiny')}"
    opened = await open_engine(spec, GgufOptions(threads=1))
    assert opened.spec == spec
    yield opened
    await opened.close()
    await opened.close()


def some_requests(**sampling) -> list[Request]:
    drawn = Sampling(**{"max_tokens": 24, "seed": 5, **sampling})
    chat = ChatPrompt((Message("system", "Be brief."), Message("user", "Hello")))
    return [
        Request("a", TextPrompt("print("), 3, drawn),
        Request("b", TextPrompt("a much longer prompt than the other one"), 11, drawn),
        Request("c", chat, 1, drawn),
    ]


async def answers(engine, requests, on_delta=None):
    return [done async for done in engine.complete(requests, on_delta)]


async def test_every_sample_is_answered_exactly_once(engine):
    done = await answers(engine, some_requests())
    places = sorted((completion.key, completion.index) for completion in done)
    assert places == [("a", i) for i in range(3)] + [("b", i) for i in range(11)] + [("c", 0)]
    assert all(completion.finish in ("stop", "length") and not completion.error for completion in done)


async def test_pieces_make_up_the_text(engine):
    pieces: dict[tuple[str, int], str] = {}

    def note(delta: Delta) -> None:
        pieces[delta.key, delta.index] = pieces.get((delta.key, delta.index), "") + delta.text

    done = await answers(engine, some_requests(stop=("e", "7")), note)
    for completion in done:
        assert pieces.get((completion.key, completion.index), "").startswith(completion.text)


async def test_max_tokens_end_a_completion_as_length(engine):
    done = await answers(engine, some_requests(max_tokens=2))
    assert any(completion.finish == "length" for completion in done)
    for request in some_requests():
        # Over HTTP only the sum over a request is exact.
        assert 0 < sum(c.usage.completion_tokens for c in done if c.key == request.key) <= 2 * request.n


async def test_a_stop_string_ends_the_text_and_is_not_part_of_it(engine):
    free = {(c.key, c.index): c for c in await answers(engine, some_requests())}
    longest = max(free.values(), key=lambda completion: len(completion.text))
    stop = longest.text[5:7]
    stopped = {(c.key, c.index): c for c in await answers(engine, some_requests(stop=(stop,)))}
    for place, completion in stopped.items():
        assert stop not in completion.text
        if engine.spec.startswith("gguf:"):
            # llama.cpp's rounding depends on what else is decoded, which stopping changes.
            continue
        assert completion.text == free[place].text.partition(stop)[0]
        if stop in free[place].text:
            assert completion.finish == "stop"


async def test_usage_counts_every_token_and_the_prompt_once_for_each_time_it_is_read(engine):
    done = [c for c in await answers(engine, some_requests()) if c.key == "b"]
    read = [c.index for c in done if c.usage.prompt_tokens > 0]
    assert len(read) == 2 if engine.spec.startswith("http") else read == [0]
    assert all(c.usage.completion_tokens > 0 for c in done)


async def test_two_calls_at_once_do_not_mix(engine):
    left, right = await asyncio.gather(answers(engine, some_requests()[:1]), answers(engine, some_requests()[1:2]))
    assert ({c.key for c in left}, {c.key for c in right}) == ({"a"}, {"b"})
    assert (len(left), len(right)) == (3, 11)


async def test_closing_the_iterator_cancels_what_is_under_way(engine):
    request = Request("long", TextPrompt("x"), 4, Sampling(max_tokens=100_000, seed=1))
    async with aclosing(engine.complete([request])) as stream:
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    began = time.monotonic()
    assert len(await answers(engine, some_requests(max_tokens=1)[:1])) == 3
    assert time.monotonic() - began < 5


async def test_the_same_seed_gives_the_same_samples_over_http_as_in_process(tiny, served):
    sampled = []
    for spec in (f"hf:{tiny}", served):
        engine = await open_engine(spec)
        sampled.append({(c.key, c.index): (c.text, c.finish) for c in await answers(engine, some_requests())})
        await engine.close()
    assert sampled[0] == sampled[1]


def test_the_tokenizer_alone_renders_the_template_as_transformers_does(tiny):
    from transformers import AutoTokenizer

    messages = [{"role": "user", "content": "Hi"}]
    expected = AutoTokenizer.from_pretrained(tiny).apply_chat_template(messages, add_generation_prompt=True)
    assert Text(tiny).encode(ChatPrompt((Message("user", "Hi"),))) == list(expected["input_ids"])
