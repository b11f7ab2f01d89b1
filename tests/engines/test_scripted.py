"""Prepared completions: which request gets which, and what happens when none is left."""

import json

import pytest

from engines import ChatPrompt, EngineError, Message, Request, Sampling, TextPrompt, open_engine
from engines.scripted import ScriptedEngine, prompt_sha256


def write(tmp_path, *rows):
    path = tmp_path / "completions.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


async def texts(engine, *requests, on_delta=None):
    done = [completion async for completion in engine.complete(requests, on_delta)]
    return {(completion.key, completion.index): completion.text or completion.error for completion in done}


async def test_a_glob_answers_in_order_and_goes_on_where_it_stopped(tmp_path):
    path = write(tmp_path, {"key": "coder/*", "completions": ["a", "b", "c"]}, {"key": "tester/0", "text": "t"})
    engine = await open_engine(f"scripted:{path}")
    assert await texts(engine, Request("coder/0", TextPrompt("p"), n=2)) == {("coder/0", 0): "a", ("coder/0", 1): "b"}
    second = await texts(engine, Request("tester/0", TextPrompt("p")), Request("coder/1", TextPrompt("p")))
    assert second == {("tester/0", 0): "t", ("coder/1", 0): "c"}


async def test_the_exact_prompt_comes_before_the_key_whatever_the_file_order(tmp_path):
    prompt = ChatPrompt((Message("user", "ä?"),))
    path = write(tmp_path, {"key": "*", "text": "glob"}, {"prompt_sha256": prompt_sha256(prompt), "text": "exact"})
    engine = ScriptedEngine.from_file(path)
    assert await texts(engine, Request("k", prompt, n=2)) == {("k", 0): "exact", ("k", 1): "glob"}


async def test_an_uncovered_request_is_an_error_naming_it_before_anything_is_answered(tmp_path):
    engine = ScriptedEngine.from_file(write(tmp_path, {"key": "coder/*", "text": "a"}))
    seen = []
    with pytest.raises(EngineError, match="'tester/0': no entry matches it"):
        async for completion in engine.complete(
            [Request("coder/0", TextPrompt("p")), Request("tester/0", TextPrompt("p"))]
        ):
            seen.append(completion)
    assert seen == []


async def test_used_up_completions_are_an_error_unless_they_repeat(tmp_path):
    engine = ScriptedEngine.from_file(
        write(tmp_path, {"key": "a", "text": "x"}, {"key": "b", "text": "y", "repeat": True})
    )
    with pytest.raises(EngineError, match="all 1 prepared completions"):
        await texts(engine, Request("a", TextPrompt("p"), n=2))
    assert set((await texts(engine, Request("b", TextPrompt("p"), n=3))).values()) == {"y"}


async def test_errors_are_values_and_siblings_survive(tmp_path):
    engine = ScriptedEngine.from_file(write(tmp_path, {"completions": [{"error": "429: slow down"}, "fine"]}))
    done = {c.index: c async for c in engine.complete([Request("k", TextPrompt("p"), n=2)])}
    assert (done[0].finish, done[0].error) == ("error", "429: slow down")
    assert (done[1].finish, done[1].text) == ("stop", "fine")


async def test_pieces_make_up_the_text_and_fast_answers_come_first(tmp_path):
    rows = {"completions": [{"text": "slow answer", "delay_s": 0.1, "deltas": 3}, "fast"]}
    engine = ScriptedEngine.from_file(write(tmp_path, rows))
    pieces: dict[int, list[str]] = {}
    order = []
    stream = engine.complete(
        [Request("k", TextPrompt("p"), n=2)], lambda delta: pieces.setdefault(delta.index, []).append(delta.text)
    )
    async for completion in stream:
        order.append(completion.index)
    assert order == [1, 0]
    assert "".join(pieces[0]) == "slow answer" and len(pieces[0]) == 3


async def test_usage_is_a_quarter_of_the_characters_with_the_prompt_counted_once(tmp_path):
    engine = ScriptedEngine.from_file(write(tmp_path, {"completions": ["12345678", {"text": "x", "tokens": 7}]}))
    request = Request("k", TextPrompt("p" * 40), n=2, sampling=Sampling(max_tokens=100))
    usage = {c.index: (c.usage.prompt_tokens, c.usage.completion_tokens) async for c in engine.complete([request])}
    assert usage == {0: (10, 2), 1: (0, 7)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "hold no entry"),
        ("{", "line 1, is not JSON"),
        ("[1]", "entry 1: not an object"),
        ('[{"txt": "a"}]', "unknown field 'txt'"),
        ('[{"key": "a"}]', "neither text nor error"),
        ('[{"text": 1}]', "text is 1"),
        ('[{"text": "a", "finish": "done"}]', "not one of stop, length, error"),
        ('[{"text": "a", "finish": "error"}]', "belong together"),
        ('[{"completions": []}]', "at least one"),
        ('[{"completions": ["a"], "delay_s": 1}]', "delay_s stands beside completions"),
        ('[{"completions": [{"text": "a"}, 3]}]', "completion 2: not an object"),
    ],
)
def test_a_wrong_file_is_told_where_and_what(tmp_path, content, message):
    path = tmp_path / "bad.json"
    path.write_text(content)
    with pytest.raises(EngineError) as raised:
        ScriptedEngine.from_file(path)
    assert message in str(raised.value)
