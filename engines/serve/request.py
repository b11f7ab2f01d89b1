"""Parses and checks request bodies of the OpenAI protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from engines.protocol import ChatPrompt, Message, Prompt, Request, Sampling, TextPrompt, TokenPrompt

_MOST_SAMPLES = 128
_ROLES = ("system", "user", "assistant")
# Parameters that would change the answer and that no engine supports; only these neutral values are accepted.
_UNKNOWN_UNLESS: dict[str, tuple[object, ...]] = {
    "best_of": (None, 1),
    "echo": (None, False),
    "frequency_penalty": (None, 0),
    "functions": (None, []),
    "logit_bias": (None, {}),
    "presence_penalty": (None, 0),
    "response_format": (None, {"type": "text"}),
    "suffix": (None, ""),
    "tools": (None, []),
}


class BadRequestError(Exception):
    """The request cannot be answered; `param` names the parameter at fault."""

    def __init__(self, message: str, param: str | None = None, status: int = 400, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.status = status
        self.code = code


@dataclass(frozen=True)
class ServedRequest:
    """A checked request body: a Request of n samples for each prompt. Choice i * n + j is sample j of prompt i."""

    chat: bool
    requests: tuple[Request, ...]
    stream: bool
    include_usage: bool
    logprobs: bool


def read_request(body: object, chat: bool, model: str) -> ServedRequest:
    """The body, checked; raises BadRequestError with the message the client gets."""
    if not isinstance(body, Mapping):
        raise BadRequestError("the body must be a JSON object")
    if body.get("model") not in (None, model):
        message = f"the model {body['model']!r} does not exist; this server has {model!r}"
        raise BadRequestError(message, "model", 404, "model_not_found")
    for name, neutral in _UNKNOWN_UNLESS.items():
        if body.get(name) not in neutral:
            raise BadRequestError(f"{name} is not supported", name)
    n = _whole(body, "n", 1, 1, _MOST_SAMPLES)
    sampling = _sampling(body, chat)
    prompts = [_messages(body)] if chat else _prompts(body)
    options = body.get("stream_options") or {}
    if not isinstance(options, Mapping):
        raise BadRequestError("stream_options must be an object", "stream_options")
    logprobs = body.get("logprobs")
    return ServedRequest(
        chat=chat,
        requests=tuple(Request(str(number), prompt, n, sampling) for number, prompt in enumerate(prompts)),
        stream=_flag(body, "stream"),
        include_usage=bool(options.get("include_usage")),
        logprobs=logprobs is not None and logprobs is not False,
    )


def _sampling(body: Mapping[str, Any], chat: bool) -> Sampling:
    limit = "max_completion_tokens" if body.get("max_completion_tokens") is not None else "max_tokens"
    stop = body.get("stop")
    stop = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stop, list) or not all(isinstance(word, str) and word for word in stop):
        raise BadRequestError("stop must be a string or a list of non-empty strings", "stop")
    top_k = _whole(body, "top_k", 0, -1, 2**31)
    seed = body.get("seed")
    return Sampling(
        temperature=_number(body, "temperature", 1.0, 0.0, 100.0),
        top_p=_number(body, "top_p", 1.0, 0.0, 1.0),
        top_k=top_k if top_k > 0 else None,
        # The protocol's default is 16 for raw completions; for chat it has none, so this server sets 2048.
        max_tokens=_whole(body, limit, 2048 if chat else 16, 1, 2**31),
        seed=None if seed is None else _whole(body, "seed", 0, -(2**63), 2**63) % 2**63,
        stop=tuple(stop),
    )


def _messages(body: Mapping[str, Any]) -> Prompt:
    rows = body.get("messages")
    if not isinstance(rows, list) or not rows:
        raise BadRequestError("messages must be a non-empty list", "messages")
    return ChatPrompt(tuple(_message(number, row) for number, row in enumerate(rows)))


def _message(number: int, row: object) -> Message:
    where = f"messages[{number}]"
    if not isinstance(row, Mapping):
        raise BadRequestError(f"{where} must be an object", where)
    role = "system" if row.get("role") == "developer" else row.get("role")
    if role not in _ROLES:
        raise BadRequestError(f"{where}.role must be one of {', '.join(_ROLES)}", f"{where}.role")
    content = row.get("content")
    if isinstance(content, list) and all(isinstance(part, Mapping) and part.get("type") == "text" for part in content):
        content = "".join(str(part.get("text", "")) for part in content)
    if not isinstance(content, str):
        raise BadRequestError(f"{where}.content must be text", f"{where}.content")
    return Message(cast(Any, role), content)


def _prompts(body: Mapping[str, Any]) -> list[Prompt]:
    prompt = body.get("prompt")
    several = prompt if isinstance(prompt, list) and prompt and not isinstance(prompt[0], int) else [prompt]
    prompts: list[Prompt] = []
    for value in several:
        if isinstance(value, str) and value:
            prompts.append(TextPrompt(value))
        elif isinstance(value, list) and value and all(type(number) is int for number in value):
            prompts.append(TokenPrompt(tuple(value)))
        else:
            raise BadRequestError("prompt must be a non-empty text, a list of token ids, or a list of these", "prompt")
    return prompts


def _number(body: Mapping[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise BadRequestError(f"{name} must be a number between {least:g} and {most:g}", name)
    return float(value)


def _whole(body: Mapping[str, Any], name: str, default: int, least: int, most: int) -> int:
    value = body.get(name)
    if value is None:
        return default
    if type(value) is not int or not least <= value <= most:
        raise BadRequestError(f"{name} must be a whole number between {least} and {most}", name)
    return value


def _flag(body: Mapping[str, Any], name: str) -> bool:
    value = body.get(name)
    if value not in (None, True, False):
        raise BadRequestError(f"{name} must be true or false", name)
    return value is True
