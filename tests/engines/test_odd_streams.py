# ruff: noqa: E501  # bodies as servers write them
"""Bodies of answers as servers and gateways really write them, read without a server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from engines import Request, Sampling, TextPrompt, Usage
from engines.http.drafts import Draft, Drafts
from engines.http.events import events
from engines.http.retry import Failure
from tests.engines.rule_server import TEXT, chunk, sse

HALF = TEXT[:20]
PARTS = (chunk(TEXT[:5], None), chunk(TEXT[5:], None))
OPEN = sse(*PARTS, done=False)
LINES = b"\n".join(json.dumps(part).encode() for part in PARTS)
USAGE = {"prompt_tokens": 3, "completion_tokens": 11}


async def _read(content: bytes) -> tuple[Drafts, list[Draft]]:
    async def body() -> AsyncGenerator[bytes, None]:
        yield content

    drafts = Drafts(Request("k", TextPrompt("p"), 1, Sampling()), [0], "http://server", lambda index, text: None)
    done = [draft async for event in events(body()) for draft in drafts.add(event)]
    done += drafts.end()
    return drafts, [drafts.account(draft, last=True) for draft in done]


def read(content: bytes) -> tuple[Drafts, list[Draft]]:
    """The state after reading this answer to a request for one sample, and the samples that the answer completes."""
    return asyncio.run(_read(content))


WHOLE = {
    "a bare end mark": OPEN + b"[DONE]\n\n",
    "an end mark in quotes": OPEN + b'data: "[DONE]"\n\n',
    "lines of JSON and an end mark": LINES + b"\n[DONE]\n",
    "lines of JSON and an end mark as data": LINES + b"\ndata: [DONE]\n",
    "usage last, no end mark": OPEN + sse({"choices": [], "usage": USAGE}, done=False),
    "capital field names": sse(chunk()).replace(b"data:", b"Data:"),
    "blanks before field names": sse(chunk()).replace(b"data:", b" data:"),
    "a byte order mark": b"\xef\xbb\xbf" + sse(chunk()),
    "a prefix written twice": sse(chunk()).replace(b"data: {", b"data: data: {"),
    "an array of chunks": json.dumps([*PARTS]).encode(),
    "an event of several chunks": b"data: " + json.dumps([*PARTS]).encode() + b"\n\ndata: [DONE]\n\n",
    "a ping in words": b"event: ping\ndata: ping\n\n" + sse(chunk()),
    "a ping without data": b"event: ping\ndata:\n\n" + sse(chunk()),
    "text beside an empty delta": sse({"choices": [{"delta": {}, "text": TEXT, "finish_reason": "stop"}]}),
    "text in the delta": sse({"choices": [{"delta": {"text": TEXT}, "finish_reason": "stop"}]}),
    "an envelope": json.dumps({"code": 0, "msg": "success", "data": {"choices": [{"message": {"content": TEXT}}]}}).encode(),
    "parts of Gemini": sse(chunk({"parts": [{"thought": True, "text": "hm"}, {"text": TEXT}], "role": "model"})),
    "a text with a value": sse(chunk([{"type": "text", "text": {"value": TEXT}}])),
    "a part that is thought": sse(chunk([{"type": "think", "think": "hm"}, {"type": "text", "text": TEXT}])),
    "growing messages": sse(*({"choices": [{"message": {"content": TEXT[:end]}}]} for end in (5, 20, len(TEXT)))),
    "control characters": sse(chunk()).replace(b"\\n", b"\x0b"),
}  # fmt: skip


@pytest.mark.parametrize("form", WHOLE)
def test_a_whole_text_is_read(form: str) -> None:
    _, [draft] = read(WHOLE[form])
    assert draft.text == (TEXT if form != "control characters" else TEXT.replace("\n", "\x0b"))


CHARACTERS = {
    "halves in two events": (r'"# \ud83d"', r'"\ude00"', "# \N{GRINNING FACE}"),
    "a half without its other half": (r'"# \ud83d"', r'"."', "# \N{REPLACEMENT CHARACTER}."),
    "a half at the end": (r'"#"', r'"\ud83d"', "#"),
    "the second half alone": (r'"#"', r'" \ude00"', "# \N{REPLACEMENT CHARACTER}"),
}


@pytest.mark.parametrize("form", CHARACTERS)
def test_a_character_in_halves_is_joined_or_replaced(form: str) -> None:
    *parts, text = CHARACTERS[form]
    lines = "".join(f'data: {{"choices": [{{"delta": {{"content": {part}}}}}]}}\n\n' for part in parts)
    _, [draft] = read(lines.encode() + b"data: [DONE]\n\n")
    assert draft.text == text


def test_bytes_that_are_no_text_are_replaced() -> None:
    _, [draft] = read(sse(chunk("# \u00e9")).replace(b"\\u00e9", b"\xe9"))
    assert draft.text == "# \N{REPLACEMENT CHARACTER}"


COUNTED = {
    "Groq": sse(chunk(TEXT, None), {"choices": [{"delta": {}, "finish_reason": "stop"}], "x_groq": {"usage": USAGE}}),
    "Moonshot": sse(chunk(TEXT, None), {"choices": [{"delta": {}, "finish_reason": "stop", "usage": USAGE}]}),
    "Anthropic's names": sse(chunk() | {"usage": {"input_tokens": 3, "output_tokens": 11}}),
}


@pytest.mark.parametrize("form", COUNTED)
def test_the_servers_count_of_tokens_is_found(form: str) -> None:
    _, [draft] = read(COUNTED[form])
    assert (draft.usage.prompt_tokens, draft.usage.completion_tokens, draft.usage.estimated) == (3, 11, False)


async def _account(content: bytes, n: int) -> list[Usage]:
    async def body() -> AsyncGenerator[bytes, None]:
        yield content

    drafts = Drafts(Request("k", TextPrompt("p"), n, Sampling()), list(range(n)), "http://server", lambda *_: None)
    done = [draft async for event in events(body()) for draft in drafts.add(event)]
    return [drafts.account(draft, last=draft is done[-1]).usage for draft in done]


def usage(completion: int) -> dict[str, object]:
    return {"usage": {"prompt_tokens": 3, "completion_tokens": completion}}


SUMMED = {
    "the whole answer's, last": sse(*(chunk(TEXT, "stop", index) for index in (1, 0, 2)), {"choices": []} | usage(36)),
    "llama.cpp, chat": sse(
        *(part for index in (1, 0, 2) for part in (chunk(TEXT, "stop", index), {"choices": []} | usage(11 + index)))
    ),
    "llama.cpp, completions": sse(*(chunk(TEXT, "stop", index) | usage(11 + index) for index in (1, 0, 2))),
    "a count that grows": sse(
        *(
            chunk("" if end else TEXT, end, index) | usage(12 * index + 6 * (1 + bool(end)))
            for index in range(3)
            for end in (None, "stop")
        )
    ),
}


@pytest.mark.parametrize("form", SUMMED)
def test_tokens_of_several_samples_add_up_to_the_servers_count(form: str) -> None:
    found = asyncio.run(_account(SUMMED[form], 3))
    assert [each.prompt_tokens > 0 for each in found] == [True, False, False]
    assert sum(each.completion_tokens for each in found) == 36


BEGUN = sse(chunk(HALF, None), done=False)
BROKEN_OFF = {
    "an error reason": BEGUN + sse(chunk("", "error")),
    "a network error": BEGUN + sse(chunk("", "network_error")),
    "a stop that hides an error": BEGUN + sse(chunk("", "stop", native_finish_reason="network_error")),
    "an error beside choices": BEGUN + sse({"error": {"message": "upstream died"}, **chunk("", "error")}),
    "an error in a choice": json.dumps({"choices": [{"error": {"message": "x"}, "message": {"content": HALF}}]}).encode(),
    "a field of its own": BEGUN + b'error: {"code": 500, "message": "slot died"}\n\ndata: [DONE]\n\n',
    "words in an error event": BEGUN + b"event: error\ndata: Internal Server Error\n\ndata: [DONE]\n\n",
    "the end of the stream": BEGUN + b": timeout\n\n",
    "the middle of an event": BEGUN + b'data: {"choices": [{"delta": {"content": "abc',
}  # fmt: skip


@pytest.mark.parametrize("form", BROKEN_OFF)
def test_half_an_answer_is_never_taken_for_a_whole_one(form: str) -> None:
    try:
        drafts, done = read(BROKEN_OFF[form])
    except (Failure, ValueError):
        return
    assert not done
    assert drafts.problem


def test_an_error_field_is_told_in_its_own_words() -> None:
    with pytest.raises(Failure, match=r"^HTTP 400: the request exceeds the available context size$"):
        read(b'error: {"code": 400, "message": "the request exceeds the available context size"}\n\ndata: [DONE]\n\n')
