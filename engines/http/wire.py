"""Requests and answers of the OpenAI protocol, as plain data."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.http.dialect import LIMITS, SYSTEM, Dialect
from engines.http.events import GarbageError
from engines.protocol import ChatPrompt, Finish, Prompt, Sampling, TextPrompt, Usage
from engines.stop import cut_at_stop
from engines.text import without_system

INTERRUPTED = (
    *("error", "abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "network_error"),
    *("server_error", "internal_error", "model_error", "timeout", "failed", "unavailable", "overloaded"),
)
"""Finish reasons of samples that the server broke off."""
_CUT = (
    *("length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_new_tokens", "max_length"),
    *("model_length", "context_length", "token_limit", "truncated", "incomplete"),
)
_FILTERED = (
    *("content_filter", "content_filtered", "safety", "recitation", "prohibited_content", "blocklist", "sensitive"),
    *("guardrail_intervened", "policy_violation", "spii"),
)
_REASONING = ("reasoning_content", "reasoning", "thinking", "reasoning_text")
_REASONING_PARTS = ("thinking", "reasoning", "reasoning_content", "redacted_thinking")
_REQUIRED = ("model", "messages", "prompt")
_HALF = re.compile("[\ud800-\udfff]")


def request_body(
    model: str, prompt: Prompt, sampling: Sampling, n: int, first: int, dialect: Dialect
) -> tuple[str, dict[str, Any]]:
    """The path under the base URL and the JSON body that ask for samples `first` … `first + n - 1`.

    Parameters with a neutral value (n = 1, no seed, …) are left out; top_p = 1 is sent only if `dialect.neutral`. The
    temperature is sent, since servers such as vLLM otherwise use the model's own.
    """
    chat = isinstance(prompt, ChatPrompt)
    limits = (dialect.limit, *(name for name in LIMITS if name != dialect.limit)) if chat else ("max_tokens",)
    limit = next(filter(dialect.takes, limits), "")
    body: dict[str, Any] = {"model": model}
    if isinstance(prompt, ChatPrompt):
        messages = prompt.messages if dialect.takes(SYSTEM) else without_system(prompt.messages)
        body["messages"] = [{"role": message.role, "content": message.content} for message in messages]
    else:
        body["prompt"] = prompt.text if isinstance(prompt, TextPrompt) else list(prompt.token_ids)
    optional: dict[str, Any] = {
        "stream": True,
        "stream_options": {"include_usage": True} if dialect.takes("stream") else None,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p if sampling.top_p < 1 or dialect.neutral else None,
        "top_k": sampling.top_k,
        "n": n if n > 1 else None,
        "seed": None if sampling.seed is None else sampling.seed + first,
        "stop": list(sampling.stop) or None,
        limit: sampling.max_tokens,
        "logprobs": (True if chat else 0) if dialect.logprobs else None,
    }
    body |= {name: value for name, value in optional.items() if name and value is not None and dialect.takes(name)}
    return "/chat/completions" if chat else "/completions", body


def optional_names(body: Mapping[str, Any]) -> set[str]:
    """Names of what may be left out of a body: its optional parameters, and SYSTEM, the system role, if it is used."""
    system = any(message["role"] == "system" for message in body.get("messages", ()))
    return {name for name in body if name not in _REQUIRED} | ({SYSTEM} if system else set())


def outcome(text: str, reasoning: str, reason: str | None, stop: Sequence[str]) -> tuple[str, Finish, str]:
    """Text, finish and error of a complete sample, by the server's finish reason and the stop strings.

    Where a sample has reasoning and no text, the reasoning becomes the text: some servers report an answer as reasoning
    if no mark shows where the answer begins. Where the length limit cut such a sample, `<think>` is put before the
    reasoning, as in the text from servers that do not separate reasoning from text.
    """
    if reason in _FILTERED:
        return text, "error", "the server's content filter cut the answer"
    is_cut = reason in _CUT or "context_window" in (reason or "")
    if is_cut and reasoning and not text.strip():
        return f"<think>\n{reasoning}", "length", ""
    text, stopped = cut_at_stop(text if text.strip() else reasoning or text, stop)
    return text, "length" if is_cut and not stopped else "stop", ""


def whole_characters(text: str) -> str:
    """The text with halves of characters (surrogates) joined, and those that lack the other half replaced.

    Such halves come from servers that escape each token of an emoji by itself; they cannot be written into files.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace") if _HALF.search(text) else text


def unwrapped(answer: object) -> object:
    """The answer, out of a gateway's envelope (`{"code": 0, "data": {"choices": …}}`) where it is in one."""
    if isinstance(answer, Mapping) and "choices" not in answer:
        for name in ("data", "result", "response", "output"):
            if isinstance(inner := answer.get(name), Mapping) and inner.get("choices"):
                return inner
    return answer


@dataclass(frozen=True, kw_only=True)
class Piece:
    """The part of a chunk that belongs to one choice."""

    index: int | None
    """The choice's number; None where the server gives none that can be read."""
    text: str = ""
    reasoning: str = ""
    whole: bool = False
    """Whether `text` is the choice's text so far, not what is new."""
    finish: str | None = None
    logprobs: tuple[float, ...] = ()
    token_ids: tuple[int, ...] = ()


def read_chunk(chunk: object) -> tuple[list[Piece], Usage | None]:
    """The pieces and the usage of one chunk, or of a complete answer. Fields that cannot be read are left out."""
    if not isinstance(chunk, Mapping):
        return [], None
    choices = chunk.get("choices")
    rows = [choices] if isinstance(choices, Mapping) else choices if isinstance(choices, list) else []
    pieces = [_piece(row) for row in rows if isinstance(row, Mapping)]
    counts = [
        chunk.get("usage"),
        *(part.get("usage") for part in (chunk.get("x_groq"), *rows) if isinstance(part, Mapping)),
    ]
    indices = [piece.index for piece in pieces]
    if len(pieces) > 1 and (None in indices or len(set(indices)) < len(indices)) and _are_apart(pieces):
        pieces = [_numbered(piece, number) for number, piece in enumerate(pieces)]
    return pieces, next(filter(None, map(_usage, counts)), None)


def _are_apart(pieces: Sequence[Piece]) -> bool:
    """Whether pieces that share a number belong to different choices, which is so if each piece is complete."""
    return all(piece.whole or piece.finish for piece in pieces)


def _numbered(piece: Piece, number: int) -> Piece:
    return Piece(**{**piece.__dict__, "index": number})


def _piece(choice: Mapping[str, Any]) -> Piece:
    is_delta = isinstance(choice.get("delta"), Mapping | str)
    said = choice["delta"] if is_delta else choice.get("message")
    fields = said if isinstance(said, Mapping) else {"content": said if said is not None else choice.get("text")}
    text, thought = _content(fields.get("content") or fields.get("text") or choice.get("text"))
    logprobs, ids = choice.get("logprobs"), choice.get("token_ids")
    reasoning = next((found for name in _REASONING if (found := _words(fields.get(name)))), thought)
    return Piece(
        index=_index(choice.get("index")),
        text=text or _words(fields.get("refusal")),
        reasoning=reasoning or _words(fields.get("reasoning_details")),
        whole=not is_delta and isinstance(choice.get("message"), Mapping | str),
        finish=_finish(choice),
        logprobs=_logprobs(logprobs) if isinstance(logprobs, Mapping) else (),
        # Sent by vLLM if the request sets return_token_ids.
        token_ids=tuple(ids) if isinstance(ids, list) and all(type(number) is int for number in ids) else (),
    )


def _content(content: object) -> tuple[str, str]:
    """The text and the reasoning in a content: a text, a part, or a list of these."""
    if isinstance(content, str):
        return content, ""
    if isinstance(content, list):
        parts = [_content(part) for part in content]
        return "".join(text for text, _ in parts), "".join(thought for _, thought in parts)
    if not isinstance(content, Mapping):
        return "", ""
    if isinstance(inner := content.get("parts"), list):
        return _content(inner)
    words = _words(content)
    is_thought = content.get("type") in _REASONING_PARTS or content.get("thought") is True
    return ("", words) if is_thought else (words, "")


def _words(value: object) -> str:
    """The text in a value: the value itself if it is a text, else the text of its parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(map(_words, value))
    if isinstance(value, Mapping):
        names = ("text", "content", "thinking", "reasoning", "summary", "value")
        return next((words for name in names if (words := _words(value.get(name)))), "")
    return ""


def _index(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number == int(number) and 0 <= number < 2**31 else None


def _finish(choice: Mapping[str, Any]) -> str | None:
    """The finish reason in small letters; None where there is none.

    A gateway's "stop" may hide that the server behind it failed: a `native_finish_reason` of INTERRUPTED overrides it.
    """
    reasons = [choice.get(name) for name in ("finish_reason", "native_finish_reason")]
    own, native = (reason.strip().lower() if isinstance(reason, str) else "" for reason in reasons)
    if own in ("", "null", "none"):
        return None
    return native if native in INTERRUPTED else own


def _logprobs(scores: Mapping[str, Any]) -> tuple[float, ...]:
    """Log-probabilities of the tokens; empty unless all can be read."""
    content, found = scores.get("content"), scores.get("token_logprobs")
    if isinstance(content, list):
        found = [token.get("logprob") if isinstance(token, Mapping) else None for token in content]
    numbers = [_number(score) for score in found] if isinstance(found, list) else []
    return () if None in numbers else tuple(number for number in numbers if number is not None)


def _usage(usage: object) -> Usage | None:
    """The usage; None where the server does not say the numbers of prompt tokens and of completion tokens."""
    if not isinstance(usage, Mapping):
        return None
    names = (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"), ("total_tokens",))
    prompt, completion, total = (
        _index(next((usage[name] for name in either if usage.get(name) is not None), None)) for either in names
    )
    if completion is None and prompt is not None and total is not None:
        completion = max(0, total - prompt)
    return None if prompt is None or completion is None else Usage(prompt, completion)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


@dataclass(frozen=True)
class ServedModel:
    """A model in a server's list."""

    name: str
    owner: str = ""


def read_models(answer: object) -> list[ServedModel]:
    """The models in an answer to GET /models; raises GarbageError where it is no list of models."""
    rows: object = answer
    if isinstance(answer, Mapping):
        rows = next((answer[name] for name in ("data", "models") if isinstance(answer.get(name), list)), None)
    if not isinstance(rows, list):
        raise GarbageError(f"no list of models in {str(answer)[:80]!r}")
    return list(_models(rows))


def _models(rows: Sequence[object]) -> Iterable[ServedModel]:
    for row in rows:
        if isinstance(row, str):
            yield ServedModel(row)
        elif isinstance(row, Mapping) and (name := row.get("id") or row.get("name") or row.get("model")):
            yield ServedModel(str(name), str(row.get("owned_by") or ""))
