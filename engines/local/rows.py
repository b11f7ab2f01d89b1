"""One sample under way: its tokens, its text so far, and why it ended."""

from __future__ import annotations

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from engines.protocol import Completion, Finish, Sampling, Usage
from engines.stop import cut_at_stop, held_back


class Row:
    """One sample, a row of the batch that is decoded. `finish` is None while the sample is under way."""

    def __init__(
        self,
        key: str,
        index: int,
        prompt: list[int],
        sampling: Sampling,
        seed: int,
        limit: int,
        ends: frozenset[int],
        tokenizer: Tokenizer,
    ) -> None:
        self.key = key
        self.index = index
        self.prompt = prompt
        self.sampling = sampling
        self.seed = seed
        self.limit = limit
        """Maximum number of tokens to draw: `max_tokens`, or what the prompt leaves of the context if that is less."""
        self.token_ids: list[int] = []
        self.logprobs: list[float] = []
        self.text = ""
        self.weights_version = ""
        self.finish: Finish | None = None
        self._ends = ends
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._shown = 0
        self._longest_stop = max(map(len, sampling.stop), default=1)

    def push(self, token: int, logprob: float) -> None:
        """Append the next token and its text; finish at an end token, a stop string or the limit."""
        self.token_ids.append(token)
        self.logprobs.append(logprob)
        if token in self._ends:
            self._end("stop", self._rest())
        elif piece := self._stream.step(self._tokenizer, token):
            self._grow(piece)
        if self.finish is None and len(self.token_ids) >= self.limit:
            self._end("length", self._rest())

    def new_text(self) -> str:
        """Text that arrived since the last call, without an ending that may yet become a stop string."""
        end = len(self.text)
        if self.finish is None:
            end -= held_back(self.text, self.sampling.stop)
        fresh = self.text[self._shown : end]
        self._shown = max(self._shown, end)
        return fresh

    def completion(self, error: str = "") -> Completion:
        """The completion of the finished sample; with an `error`, a failed completion of a sample under way."""
        return Completion(
            self.key,
            self.index,
            self.text,
            "error" if error else self.finish or "error",
            usage=Usage(len(self.prompt) if self.index == 0 else 0, len(self.token_ids)),
            token_ids=tuple(self.token_ids),
            logprobs=tuple(self.logprobs),
            weights_version=self.weights_version,
            error=error,
        )

    def _grow(self, piece: str) -> None:
        start = max(0, len(self.text) - self._longest_stop + 1)
        self.text, stopped = cut_at_stop(self.text + piece, self.sampling.stop, start)
        if stopped:
            self.finish = "stop"

    def _rest(self) -> str:
        """Bytes of an unfinished character that the stream still holds, as the tokenizer decodes them."""
        text = self._tokenizer.decode(self.token_ids, skip_special_tokens=True)
        return text[len(self.text) :] if text.startswith(self.text) else ""

    def _end(self, finish: Finish, rest: str) -> None:
        if rest:
            self._grow(rest)
        self.finish = self.finish or finish
