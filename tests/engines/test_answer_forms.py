"""Whatever is missing or odd around the text of an answer, and however the answer is cut, the text is read in full."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engines import Request, Sampling, TextPrompt
from engines.http.drafts import Drafts
from engines.http.events import events

ODD = st.sampled_from([None, "", "n/a", -1, 1e999, True, [], {}, [None], {"content": [{"token": "a"}]}])
USAGE = st.one_of(
    ODD, st.fixed_dictionaries({}, optional={"prompt_tokens": ODD, "completion_tokens": ODD, "total_tokens": ODD})
)
UNFINISHED = st.sampled_from([None, "", "null", [], {}])
NOISE = st.sampled_from(
    [
        b": keep-alive\n\n",
        b"event: ping\n\n",
        b"\n",
        b"retry: 10\n\n",
        b'data: {"choices": null}\n\n',
        b'data: {"choices": []}\n\n',
        b'data: {"choices": [null]}\n\n',
        b"data: null\n\n",
        b'data: {"id": "x"}\n\n',
        b'data: {"choices": [], "usage": {"total_tokens": "3"}}\n\n',
    ]
)


async def read(content: bytes, sizes: list[int], n: int) -> list[str]:
    """The texts of `n` samples, read from an answer that arrives in pieces of `sizes` bytes and a last piece."""

    async def body() -> AsyncGenerator[bytes, None]:
        start = 0
        for size in [*sizes, len(content)]:
            yield content[start : start + size]
            start += size

    shown = [""] * n

    def show(index: int, text: str) -> None:
        shown[index] += text

    drafts = Drafts(Request("k", TextPrompt("p"), n, Sampling()), list(range(n)), "http://server", show)
    done = {}
    async for event in events(body()):
        for draft in drafts.add(event):
            done[draft.index] = draft
    for draft in done.values():
        drafts.account(draft)
        assert draft.usage.completion_tokens >= 0
        assert len(draft.logprobs) in (0, draft.chunks)
    assert [done[index].text for index in range(n)] == shown
    return shown


def written(draw: Any, text: str) -> object:
    """The text as the `content` of a message: itself, an object, or a list of parts."""
    cut = draw(st.integers(0, len(text)))
    parts = [{"type": "text", "text": text[:cut]}, text[cut:], {"type": "thinking", "thinking": "hm"}, None]
    return draw(st.sampled_from([text, {"type": "text", "text": text}, parts]))


@st.composite
def streams(draw: Any) -> tuple[bytes, list[str]]:
    """A valid stream of one to three samples with odd fields beside the texts, and the texts."""
    texts = draw(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3))
    waiting = {index: list(text) for index, text in enumerate(texts)}
    lines: list[bytes] = []
    while waiting:
        lines += draw(st.lists(NOISE, max_size=2))
        index = draw(st.sampled_from(sorted(waiting)))
        size = draw(st.integers(1, len(waiting[index])))
        said, waiting[index] = "".join(waiting[index][:size]), waiting[index][size:]
        odd_index = draw(st.sampled_from([index, str(index), float(index)]))
        choice: dict[str, Any] = {"index": odd_index if len(texts) > 1 else draw(st.sampled_from([0, None, "0", "x"]))}
        choice["delta"] = {"content": written(draw, said), "role": draw(ODD)}
        choice["finish_reason"] = draw(UNFINISHED)
        if not waiting[index]:
            del waiting[index]
            choice["finish_reason"] = draw(st.sampled_from(["stop", None, "length", "odd", {"type": "stop"}]))
        if draw(st.booleans()):
            choice["logprobs"] = draw(ODD)
        chunk = {"choices": [choice]}
        if draw(st.booleans()):
            chunk["usage"] = draw(USAGE)
        lines.append(
            b"data: %s\n\n" % json.dumps(chunk, ensure_ascii=draw(st.booleans())).encode(errors="surrogatepass")
        )
    content = b"".join([*lines, *draw(st.lists(NOISE, max_size=2)), b"data: [DONE]\n\n"])
    end = draw(st.sampled_from([b"\n", b"\r\n"]))
    return content.replace(b"\n", end), texts


@st.composite
def wholes(draw: Any) -> tuple[bytes, list[str]]:
    """A complete answer in one piece with odd fields beside the texts, and the texts."""
    texts = draw(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3))
    numbered = draw(st.sampled_from([lambda index: index, lambda _: None, lambda _: 0]))
    choices = [
        {
            "index": numbered(index),
            "message": {"content": written(draw, text)},
            "finish_reason": draw(st.one_of(UNFINISHED, st.sampled_from(["stop", "length", "odd"]))),
            "logprobs": draw(ODD),
        }
        for index, text in enumerate(texts)
    ]
    answer = {"choices": choices, "usage": draw(USAGE)}
    return json.dumps(answer, indent=draw(st.sampled_from([None, 1]))).encode(), texts


SIZES = st.lists(st.integers(1, 40), max_size=30)


@given(streams(), SIZES)
def test_a_stream_gives_its_text_whatever_surrounds_it(stream: tuple[bytes, list[str]], sizes: list[int]) -> None:
    content, texts = stream
    assert asyncio.run(read(content, sizes, len(texts))) == texts


@given(wholes(), SIZES)
def test_a_whole_answer_gives_its_text_whatever_surrounds_it(whole: tuple[bytes, list[str]], sizes: list[int]) -> None:
    content, texts = whole
    assert asyncio.run(read(content, sizes, len(texts))) == texts
