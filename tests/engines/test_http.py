"""The HTTP engine against a real server that fails in all the usual ways."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest

from engines import (
    ChatPrompt,
    EngineError,
    HttpOptions,
    Message,
    ModelSpecError,
    Request,
    Sampling,
    TextPrompt,
    check_model,
    open_engine,
)
from engines.http.retry import pause, retry_after

QUICK = HttpOptions(backoff_s=0.05, first_token_s=1.0, idle_s=0.5, connect_s=2.0)
TEXT = "one two three four five six seven"
CHAT = ChatPrompt((Message("user", "count"),))


async def ask(spec, n=3, prompt=CHAT, options=QUICK, on_delta=None, **sampling):
    engine = await open_engine(spec, options)
    try:
        request = Request("k", prompt, n, Sampling(**sampling))
        return sorted([c async for c in engine.complete([request], on_delta)], key=lambda c: c.index)
    finally:
        await engine.close()


def all_right(done, n=3):
    return [(c.index, c.text, c.finish) for c in done] == [(index, TEXT, "stop") for index in range(n)]


@pytest.mark.parametrize(
    "mode",
    [
        "rate_limit",
        "rate_limit_date",
        "error_500",
        "cut",
        "cut_cleanly",
        "garbage_sse",
        "garbage_json",
        "bad_finish",
        "bad_finish_list",
        "huge_index",
        "huge_usage",
        "deep_sse",
        "deep_json",
        "error_event",
        "silence",
        "stall",
        "wrong_type",
    ],
)
async def test_a_passing_failure_is_asked_again_until_every_sample_is_there(faulty, mode):
    spec = faulty.url(mode, times=2)
    began = time.monotonic()
    assert all_right(await ask(spec))
    if mode.startswith("rate_limit"):
        assert time.monotonic() - began > (0.35 if mode == "rate_limit" else 1.0), "Retry-After was not kept"


@pytest.mark.parametrize(
    "mode",
    ["slow_first", "ignores_n", "rejects_n", "rejects_usage", "rejects_max_tokens", "no_usage", "no_stream", "flaky"],
)
@pytest.mark.parametrize("prompt", [CHAT, TextPrompt("count")], ids=["chat", "raw"])
async def test_a_peculiar_server_is_understood(faulty, mode, prompt):
    assert all_right(await ask(faulty.url(mode), prompt=prompt))


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("error_500", "HTTP 500: out of memory (asked 3 times)"),
        ("rate_limit", "HTTP 429: slow down (asked "),
        ("cut_cleanly", "ended the stream before the sample was complete"),
        ("garbage_sse", "sent garbage"),
        ("garbage_json", "sent garbage"),
        ("bad_finish", "ended the stream before the sample was complete"),
        ("bad_finish_list", "ended the stream before the sample was complete"),
        ("huge_index", "ended the stream before the sample was complete"),
        ("huge_usage", "ended the stream before the sample was complete"),
        ("deep_sse", "sent garbage: JSON nested too deeply"),
        ("deep_json", "sent garbage: JSON nested too deeply"),
        ("error_event", "reported an error in its answer: boom"),
        ("silence", "did not answer in time"),
        ("stall", "did not answer in time"),
        ("wrong_type", "sent something that is no answer: 'Please log in'"),
    ],
)
async def test_a_lasting_failure_is_an_error_for_each_sample(faulty, mode, reason):
    wait_s = 0.3 if mode in ("silence", "stall") else 10
    options = HttpOptions(backoff_s=0.01, first_token_s=wait_s, idle_s=wait_s, retries=2, patience_s=1)
    done = await ask(faulty.url(mode), options=options)
    assert [c.finish for c in done] == ["error"] * 3
    assert reason in done[0].error
    assert "\n" not in done[0].error


async def test_a_server_that_cuts_every_stream_is_asked_for_answers_in_one_piece(faulty):
    assert all_right(await ask(faulty.url("cut"), options=HttpOptions(backoff_s=0.01, retries=1)))


async def test_a_server_that_only_ever_refuses_for_its_rate_is_given_up_after_the_retries(faulty):
    before = len(faulty.faults.seen)
    done = await ask(faulty.url("rate_limit"), n=1, options=HttpOptions(backoff_s=0.01, retries=2))
    assert "429" in done[0].error and len(faulty.faults.seen) - before == 3


@pytest.mark.parametrize("mode", ["silence", "stall"])
async def test_timeout_overrides_longer_times_that_a_file_sets(faulty, mode):
    options = HttpOptions(timeout=0.3, first_token_s=60, idle_s=60, retries=0)
    done = await ask(faulty.url(mode), n=1, options=options)
    assert "did not answer in time" in done[0].error


@pytest.mark.parametrize(
    ("mode", "reason"), [("unauthorized", "HTTP 401: wrong key (is the API key right?"), ("quota", "HTTP 429")]
)
async def test_what_no_retry_mends_is_told_at_once(faulty, mode, reason):
    before = len(faulty.faults.seen)
    done = await ask(faulty.url(mode), n=2)
    assert all(reason in c.error for c in done)
    assert len(faulty.faults.seen) - before == 1


async def test_a_refused_key_is_not_tried_for_every_request(faulty):
    before = len(faulty.faults.seen)
    engine = await open_engine(faulty.url("unauthorized"), HttpOptions(concurrency=2))
    requests = [Request(str(number), CHAT) for number in range(20)]
    done = [c async for c in engine.complete(requests)]
    await engine.close()
    assert len(done) == 20
    assert all("HTTP 401" in c.error for c in done)
    assert len(faulty.faults.seen) - before <= 2


async def test_an_unknown_model_says_what_the_server_has(faulty):
    done = await ask(faulty.url("ok", model="other"), n=1)
    assert "HTTP 404: the model 'other' does not exist; this server has 'scripted'" in done[0].error


async def test_a_url_without_v1_is_completed(faulty):
    assert all_right(await ask(faulty.url("ok").replace("/v1", ""), n=1), 1)


@pytest.mark.parametrize("mode", ["cut", "bad_finish", "huge_index", "deep_sse"])
async def test_a_broken_stream_keeps_finished_samples_and_asks_only_for_the_others(mode):
    from engines.scripted import Entry, Prepared, ScriptedEngine
    from tests.engines.faulty_server import FaultyServer

    said = (
        Prepared("short"),
        Prepared(TEXT, delay_s=0.3, deltas=7),
        Prepared(TEXT, delay_s=0.3, deltas=7),
        Prepared(TEXT),
    )
    with FaultyServer(ScriptedEngine([Entry(said, repeat=True)])) as server:
        done = await ask(server.url(mode, times=1))
        assert [body.get("n", 1) for _, body in server.faults.seen] == [3, 2]
    assert [(c.text, c.finish) for c in done] == [("short", "stop"), (TEXT, "stop"), ("short", "stop")]


async def test_text_shown_before_a_failure_is_taken_back(faulty):
    shown: dict[int, str] = {}
    restarts = []

    def note(delta):
        if delta.restart:
            restarts.append(delta.index)
        shown[delta.index] = "" if delta.restart else shown.get(delta.index, "") + delta.text

    done = await ask(faulty.url("cut", times=1), on_delta=note)
    assert restarts
    assert shown == {c.index: c.text for c in done}


async def test_n_is_split_so_that_first_results_come_early(faulty):
    before = len(faulty.faults.seen)
    done = await ask(faulty.url("ok"), n=19, seed=100)
    asked = [(body["seed"], body.get("n", 1)) for _, body in faulty.faults.seen[before:]]
    assert sorted(asked) == [(100, 8), (108, 8), (116, 3)]
    assert all_right(done, 19)


async def test_sampling_parameters_are_sent_as_given(faulty):
    sampling = {"temperature": 0.3, "top_p": 0.9, "top_k": 7, "max_tokens": 99, "seed": 3, "stop": ("x", "y")}
    await ask(faulty.url("ok"), n=1, prompt=TextPrompt("raw <|im_start|>"), **sampling)
    body = faulty.faults.seen[-1][1]
    assert {key: body[key] for key in sampling} == {**sampling, "stop": ["x", "y"]}
    assert body["prompt"] == "raw <|im_start|>"
    await ask(faulty.url("ok"), n=1)
    assert not {"top_k", "seed", "stop", "logprobs"} & faulty.faults.seen[-1][1].keys()


async def test_usage_is_exact_in_sum_when_the_server_counts_and_marked_as_estimated_otherwise(faulty):
    counted = await ask(faulty.url("ok"))
    assert sum(c.usage.completion_tokens for c in counted) == 3 * 9
    assert [c.usage.estimated for c in await ask(faulty.url("no_usage"))] == [True] * 3


async def test_no_more_requests_at_once_than_allowed(faulty):
    faulty.faults.most_under_way = 0
    engine = await open_engine(faulty.url("ok"), HttpOptions(concurrency=3))
    requests = [Request(str(number), CHAT) for number in range(12)]
    assert len([c async for c in engine.complete(requests)]) == 12
    await engine.close()
    assert faulty.faults.most_under_way == 3


async def test_closing_the_iterator_closes_the_connections(faulty):
    before = faulty.faults.gone
    engine = await open_engine(faulty.url("silence"), QUICK)
    async with aclosing(engine.complete([Request("k", CHAT)])) as stream:
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.3)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.sleep(0.2)
    assert faulty.faults.gone == before + 1
    await engine.close()


async def test_a_dead_server_is_given_up_soon():
    began = time.monotonic()
    done = await ask("http://127.0.0.1:9/v1#x", n=2, options=HttpOptions())
    assert all("cannot connect to http://127.0.0.1:9/v1" in c.error for c in done)
    assert time.monotonic() - began < 8


async def test_a_check_says_whether_the_server_has_the_model(faulty):
    assert "answers and has scripted" in await check_model(faulty.url("ok"))
    with pytest.raises(EngineError, match="has no model 'other'; it has scripted"):
        await check_model(faulty.url("ok", model="other"))
    with pytest.raises(EngineError, match="cannot connect"):
        await check_model("http://127.0.0.1:9/v1#x")


async def test_the_only_model_of_a_server_needs_no_name(faulty):
    spec = faulty.url("ok").partition("#")[0]
    assert all_right(await ask(spec, n=1), 1)
    with pytest.raises(EngineError, match="cannot connect"):
        await open_engine("http://127.0.0.1:9/v1")


async def test_openai_needs_a_key_and_a_plain_server_none(faulty, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("CURE_AGENT_API_KEY", raising=False)
    with pytest.raises(ModelSpecError, match="set OPENAI_API_KEY") as raised:
        await open_engine("openai:gpt-4.1-mini")
    assert raised.value.exit_code == 2
    assert all_right(await ask(faulty.url("ok"), n=1), 1)
    monkeypatch.setenv("OPENAI_BASE_URL", faulty.url("ok").partition("#")[0])
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert all_right(await ask("openai:scripted", n=1), 1)
    assert faulty.faults.seen[-1][1]["max_completion_tokens"] == 2048


async def test_each_kind_of_spec_sends_its_own_key(faulty, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "openai's")
    monkeypatch.setenv("CURE_AGENT_API_KEY", "the server's")
    monkeypatch.setenv("OPENAI_BASE_URL", faulty.url("ok").partition("#")[0])
    await ask(faulty.url("ok"), n=1)
    assert faulty.faults.keys[-1] == "the server's"
    await ask("openai:scripted", n=1)
    assert faulty.faults.keys[-1] == "openai's"
    monkeypatch.delenv("CURE_AGENT_API_KEY")
    await ask(faulty.url("ok"), n=1)
    assert faulty.faults.keys[-1] == "none"


async def test_a_password_in_the_base_url_is_refused_and_not_repeated(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:hunter2@127.0.0.1:9/v1")
    with pytest.raises(EngineError, match="OPENAI_BASE_URL may not hold") as raised:
        await open_engine("openai:m")
    assert "hunter2" not in str(raised.value)


async def test_openais_account_is_told_to_openai_alone(faulty, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    monkeypatch.setenv("OPENAI_BASE_URL", faulty.url("ok").partition("#")[0])
    await ask("openai:scripted", n=1)
    assert faulty.faults.headers[-1][b"openai-organization"] == b"org-1"
    assert faulty.faults.headers[-1][b"openai-project"] == b"proj-1"
    await ask(faulty.url("ok"), n=1)
    assert not [name for name in faulty.faults.headers[-1] if name.startswith(b"openai")]


async def test_a_prompt_that_is_no_text_is_an_error_not_a_crash(faulty):
    done = await ask(faulty.url("ok"), n=1, prompt=TextPrompt("\ud800"))
    assert done[0].finish == "error"
    assert "not Unicode text" in done[0].error


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 40.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers, seconds):
    assert retry_after(headers, now=60.0) == seconds


def test_pauses_double_up_to_the_limit_with_jitter():
    for failures, whole in [(1, 0.5), (2, 1.0), (3, 2.0), (10, 30.0)]:
        drawn = {pause(failures, 0.5, 30.0) for _ in range(20)}
        assert len(drawn) > 1
        assert all(whole / 2 <= wait <= whole for wait in drawn)
