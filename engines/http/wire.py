"""Requests and chunks of the OpenAI protocol, as plain data."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engines.protocol import ChatPrompt, Finish, Prompt, Sampling, TextPrompt, Usage
from engines.stop import cut_at_stop


class GarbageError(ValueError):
    """The server's answer does not follow the protocol."""


@dataclass(frozen=True)
class Dialect:
    """Parameters that a server accepts: at first all, later without those that the server refused by name."""

    n: bool = True
    usage: bool = True
    seed: bool = True
    logprobs: bool = False
    limit: str = "max_tokens"

    def without(self, refusal: str) -> Dialect | None:
        """The dialect without the parameter that a refusal (HTTP 400) names; None if it names no optional one."""
        if self.n and re.search(r"\bn\b", refusal):
            return replace(self, n=False)
        if self.limit == "max_tokens" and "max_completion_tokens" in refusal:
            return replace(self, limit="max_completion_tokens")
        if self.usage and "stream_options" in refusal:
            return replace(self, usage=False)
        if self.logprobs and "logprobs" in refusal:
            return replace(self, logprobs=False)
        if self.seed and "seed" in refusal:
            return replace(self, seed=False)
        return None


def request_body(
    model: str, prompt: Prompt, sampling: Sampling, n: int, first: int, dialect: Dialect
) -> tuple[str, dict[str, Any]]:
    """The path under the base URL and the JSON body that ask for samples `first` … `first + n - 1`.

    temperature and top_p are always sent: servers such as vLLM otherwise take the model's own defaults. top_k is no
    OpenAI parameter and is sent only when set.
    """
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
    }
    if dialect.usage:
        body["stream_options"] = {"include_usage": True}
    if n > 1:
        body["n"] = n
    if sampling.top_k is not None:
        body["top_k"] = sampling.top_k
    if sampling.seed is not None and dialect.seed:
        body["seed"] = sampling.seed + first
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if isinstance(prompt, ChatPrompt):
        body[dialect.limit] = sampling.max_tokens
        body["messages"] = [{"role": message.role, "content": message.content} for message in prompt.messages]
        if dialect.logprobs:
            body["logprobs"] = True
        return "/chat/completions", body
    body["max_tokens"] = sampling.max_tokens
    body["prompt"] = prompt.text if isinstance(prompt, TextPrompt) else list(prompt.token_ids)
    if dialect.logprobs:
        body["logprobs"] = 0
    return "/completions", body


LOST = ("error", "abort")
"""Finish reasons of samples that the server broke off."""


def outcome(text: str, reason: str | None, stop: Sequence[str]) -> tuple[str, Finish, str]:
    """Text, finish and error of a complete sample, by the server's finish reason and the stop strings."""
    text, stopped = cut_at_stop(text, stop)
    if reason == "content_filter":
        return text, "error", "the server's content filter cut the answer"
    return text, "length" if reason in ("length", "max_tokens") and not stopped else "stop", ""


@dataclass(frozen=True)
class Piece:
    """The part of a chunk that belongs to one choice."""

    index: int
    text: str
    finish: str | None
    logprobs: tuple[float, ...]
    token_ids: tuple[int, ...] = ()


def read_chunk(chunk: object) -> tuple[list[Piece], Usage | None]:
    """The pieces and the usage of one chunk, or of an unstreamed response; raises GarbageError."""
    if not isinstance(chunk, Mapping) or not isinstance(chunk.get("choices"), list):
        raise GarbageError(f"no choices in {str(chunk)[:80]!r}")
    usage = chunk.get("usage")
    counted = None
    try:
        pieces = [_piece(choice) for choice in chunk["choices"]]
        if usage is not None:
            counted = Usage(int(usage["prompt_tokens"]), int(usage.get("completion_tokens") or 0))
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise GarbageError(f"{type(error).__name__} in {str(chunk)[:80]!r}") from None
    return pieces, counted


def _piece(choice: Mapping[str, Any]) -> Piece:
    said = choice.get("delta") or choice.get("message")
    text = (said.get("content") if said else choice.get("text")) or ""
    finish = choice.get("finish_reason")
    if not isinstance(text, str) or not isinstance(finish, str | None):
        raise TypeError("text or finish_reason")
    scores = choice.get("logprobs") or {}
    numbers = (
        [token["logprob"] for token in scores["content"]] if scores.get("content") else scores.get("token_logprobs")
    )
    # Sent by vLLM if the request sets return_token_ids.
    token_ids = tuple(map(int, choice.get("token_ids") or ()))
    return Piece(int(choice.get("index", 0)), text, finish, tuple(map(float, numbers or ())), token_ids)


def read_models(answer: object) -> list[str]:
    """The ids in an answer to GET /models; raises GarbageError."""
    rows = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(rows, list) or not all(
        isinstance(row, Mapping) and isinstance(row.get("id"), str) for row in rows
    ):
        raise GarbageError(f"no list of models in {str(answer)[:80]!r}")
    return [row["id"] for row in rows]
