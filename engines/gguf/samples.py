"""One request to llama.cpp: its body, and the samples that the events of its answer make up."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engines.protocol import Completion, Delta, Finish, Request, Sampling, Usage

_SEEDS = 2**31
"""Seeds are taken modulo this: llama.cpp draws sample i with seed + i in 32 bits, and the largest number means a random
seed."""


@dataclass(frozen=True)
class Asked:
    """Consecutive samples of a request, drawn after the prompt was processed once."""

    request: Request
    prompt: str | list[int]
    indices: range
    seed: int
    """Seed of the request's sample 0."""
    ends: frozenset[int]
    """Ids of stop strings that are control tokens: these are not part of the text, so llama.cpp does not find them."""
    tokens: bool
    """Whether token ids and log-probabilities are reported."""

    def body(self, context: int) -> dict[str, Any]:
        """The body for llama.cpp's /v1/completions; `context` is the maximum number of prompt and completion tokens."""
        sampling = self.request.sampling
        # Temperature first, then top_k, then top_p over what is left, as in the other engines.
        samplers = ["temperature", *(["top_k"] if sampling.top_k else []), *(["top_p"] if sampling.top_p < 1 else [])]
        return {
            "prompt": self.prompt,
            "n": len(self.indices),
            "max_tokens": min(sampling.max_tokens, context),
            "temperature": max(0.0, sampling.temperature),
            "top_k": sampling.top_k or 0,
            "top_p": sampling.top_p,
            "samplers": samplers,
            "seed": (self.seed + self.indices.start) % _SEEDS,
            "stop": [word for word in sampling.stop if word],
            "stream": True,
            # A cached prompt changes the rounding, and with it what a seed draws.
            "cache_prompt": False,
            # Asks for events while the prompt is processed, so that the request can be cancelled during that time.
            "return_progress": True,
            "logprobs": 1 if self.tokens or self.ends else 0,
            # These probabilities cost a sort of the vocabulary for every token, and equal the model's own if nothing
            # changes its distribution.
            "post_sampling_probs": self.tokens and not _unchanged(sampling),
        }


def _unchanged(sampling: Sampling) -> bool:
    """Whether the model's own distribution is drawn from, or the log-probability is 0 by definition (temperature 0)."""
    return sampling.temperature <= 0 or (sampling.temperature == 1 and sampling.top_p >= 1 and not sampling.top_k)


@dataclass
class _Sample:
    text: str = ""
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    ended: bool = False
    """A control token that is a stop string has come: the text is complete, whatever follows."""
    done: bool = False


class Samples:
    """Collects the events of one answer. `take` is called in the thread that waits for them."""

    def __init__(self, asked: Asked, version: str, put: Callable[[Completion | Delta], None]) -> None:
        self._asked, self._version, self._put = asked, version, put
        self._samples = [_Sample() for _ in asked.indices]

    def take(self, event: dict[str, Any]) -> None:
        """Pass on what an event holds: new text, a finished sample, or the error of all unfinished ones."""
        if problem := event.get("error"):
            self.fail(_words(problem))
        for choice in event.get("choices", ()):
            place = int(choice["index"])
            self._grow(place, choice)
            if finish := choice.get("finish_reason"):
                self._finish(place, "stop" if finish == "stop" else "length", event.get("usage", {}))

    def fail(self, error: str) -> None:
        """Finish all unfinished samples with this error."""
        for place, sample in enumerate(self._samples):
            if not sample.done:
                sample.done = True
                self._put(self._completion(place, "error", Usage(0, len(sample.token_ids)), error))

    def _grow(self, place: int, choice: dict[str, Any]) -> None:
        sample = self._samples[place]
        if sample.ended:
            return
        for token in (choice.get("logprobs") or {}).get("content", ()):
            sample.token_ids.append(token["id"])
            sample.logprobs.append(self._logprob(token))
        if sample.token_ids and sample.token_ids[-1] in self._asked.ends:
            sample.ended = True
        elif text := choice.get("text", ""):
            sample.text += text
            self._put(Delta(self._asked.request.key, self._asked.indices[place], text))

    def _logprob(self, token: dict[str, Any]) -> float:
        if self._asked.request.sampling.temperature <= 0:
            return 0.0
        if "prob" in token:
            return math.log(token["prob"]) if token["prob"] > 0 else -math.inf
        return float(token["logprob"])

    def _finish(self, place: int, finish: Finish, usage: dict[str, Any]) -> None:
        sample = self._samples[place]
        sample.done = True
        counted = Usage(
            int(usage.get("prompt_tokens", 0)) if self._asked.indices[place] == 0 else 0,
            len(sample.token_ids) if sample.ended else int(usage.get("completion_tokens", 0)),
        )
        self._put(self._completion(place, "stop" if sample.ended else finish, counted))

    def _completion(self, place: int, finish: Finish, usage: Usage, error: str = "") -> Completion:
        sample = self._samples[place]
        # llama.cpp does not report a token that ends inside a character; then all ids of the sample are left out.
        known = self._asked.tokens and len(sample.token_ids) == usage.completion_tokens
        return Completion(
            self._asked.request.key,
            self._asked.indices[place],
            sample.text,
            finish,
            usage=usage,
            token_ids=tuple(sample.token_ids) if known else None,
            logprobs=tuple(sample.logprobs) if known else None,
            weights_version=self._version,
            error=error,
        )


def _words(problem: Any) -> str:
    """llama.cpp's error in one line."""
    if not isinstance(problem, dict):
        return str(problem)
    if problem.get("type") == "exceed_context_size_error":
        return (
            f"the prompt has {problem.get('n_prompt_tokens')} tokens, there is room for {problem.get('n_ctx')} in all"
        )
    return " ".join(str(problem.get("message", problem)).split())
