"""Responses to a client: completions and deltas as JSON objects of the OpenAI protocol."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

from engines.protocol import Completion
from engines.serve.request import ServedRequest


class ServedAnswer:
    """Makes the response objects of one request."""

    def __init__(self, asked: ServedRequest, model: str) -> None:
        self._asked = asked
        self._n = asked.requests[0].n
        kind = "chat.completion" if asked.chat else "text_completion"
        self._head = {
            "id": ("chatcmpl-" if asked.chat else "cmpl-") + secrets.token_hex(12),
            "object": f"{kind}.chunk" if asked.chat and asked.stream else kind,
            "created": int(time.time()),
            "model": model,
        }

    def number(self, key: str, index: int) -> int:
        """The choice's number in the response."""
        return int(key) * self._n + index

    def complete(self, completions: Sequence[Completion]) -> dict[str, Any]:
        """The response to a request without streaming."""
        ordered = sorted(completions, key=lambda done: self.number(done.key, done.index))
        choices = []
        for done in ordered:
            said = {"message": {"role": "assistant", "content": done.text}} if self._asked.chat else {"text": done.text}
            choices.append(self._choice(done.key, done.index, said) | self._end(done))
        return {**self._head, "choices": choices, "usage": _usage(completions)}

    def delta(self, key: str, index: int, text: str) -> dict[str, Any]:
        """A chunk with new text of one choice."""
        return {**self._head, "choices": [self._choice(key, index, self._said(text)) | {"finish_reason": None}]}

    def last(self, done: Completion, rest: str) -> dict[str, Any]:
        """The chunk that ends one choice, with the text not yet sent."""
        return {**self._head, "choices": [self._choice(done.key, done.index, self._said(rest)) | self._end(done)]}

    def usage(self, completions: Sequence[Completion]) -> dict[str, Any]:
        """The chunk that ends a stream whose client asked for usage."""
        return {**self._head, "choices": [], "usage": _usage(completions)}

    def _said(self, text: str) -> dict[str, Any]:
        return {"delta": {"role": "assistant", "content": text}} if self._asked.chat else {"text": text}

    def _choice(self, key: str, index: int, said: dict[str, Any]) -> dict[str, Any]:
        return {"index": self.number(key, index), **said, "logprobs": None}

    def _end(self, done: Completion) -> dict[str, Any]:
        end: dict[str, Any] = {"finish_reason": done.finish}
        if self._asked.logprobs and done.logprobs is not None:
            # Engines know token ids, not their texts; vLLM writes ids like this with return_tokens_as_token_ids.
            tokens = [f"token_id:{number}" for number in done.token_ids or ()]
            pairs = zip(tokens, done.logprobs, strict=False)
            chat = {"content": [{"token": token, "logprob": logprob, "top_logprobs": []} for token, logprob in pairs]}
            raw = {"tokens": tokens, "token_logprobs": list(done.logprobs), "top_logprobs": None, "text_offset": []}
            end["logprobs"] = chat if self._asked.chat else raw
        return end


def _usage(completions: Sequence[Completion]) -> dict[str, int]:
    prompt = sum(done.usage.prompt_tokens for done in completions)
    completion = sum(done.usage.completion_tokens for done in completions)
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def error_body(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
