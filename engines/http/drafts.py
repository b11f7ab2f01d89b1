"""Assembles the samples of one answer from its events; fields other than the text may be missing or malformed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engines.http.events import Event, GarbageError
from engines.http.report import is_error
from engines.http.retry import status_failure
from engines.http.wire import INTERRUPTED, Piece, read_chunk, unwrapped, whole_characters
from engines.protocol import ChatPrompt, Prompt, Request, TextPrompt, Usage

_CHARS_PER_TOKEN = 4


@dataclass(kw_only=True)
class Draft:
    """One sample while it arrives."""

    index: int
    text: str = ""
    reasoning: str = ""
    started: bool = False
    chunks: int = 0
    """Number of text chunks received; most servers send one per token."""
    scored_chunks: int = 0
    """Number of text chunks received with log-probabilities."""
    finish: str | None = None
    broken: str = ""
    """The finish reason with which the server broke the sample off; empty if it did not."""
    half: str = ""
    """The first half of a character whose second half comes in the next piece."""
    logprobs: list[float] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)

    def add(self, piece: Piece) -> str:
        """Add a piece; returns the new text."""
        fresh = whole_characters(self.half + piece.text)
        self.half = piece.text[-1:] if "\ud800" <= piece.text[-1:] <= "\udbff" else ""
        fresh = fresh[: len(fresh) - len(self.half)]
        if piece.whole and fresh.startswith(self.text):
            fresh = fresh[len(self.text) :]
        self.started = True
        self.text += fresh
        self.reasoning += piece.reasoning
        self.logprobs += piece.logprobs
        self.token_ids += piece.token_ids
        self.chunks += bool(fresh)
        self.scored_chunks += bool(fresh and piece.logprobs)
        if piece.finish in INTERRUPTED:
            self.broken = piece.finish or ""
        elif piece.finish and not self.broken:
            self.finish = piece.finish
        return fresh


def estimated_tokens(text: str) -> int:
    """Estimated number of tokens of a text."""
    return -(-len(text) // _CHARS_PER_TOKEN)


def estimated_prompt_tokens(prompt: Prompt) -> int:
    """Estimated number of tokens of a prompt."""
    if isinstance(prompt, ChatPrompt):
        return sum(estimated_tokens(message.content) for message in prompt.messages)
    return estimated_tokens(prompt.text) if isinstance(prompt, TextPrompt) else len(prompt.token_ids)


class Drafts:
    """The samples `indices` of a request while they arrive in one answer."""

    def __init__(self, request: Request, indices: list[int], url: str, on_text: Callable[[int, str], None]) -> None:
        """`url` is the server's, for messages; `on_text` is called with an index and new text."""
        self._url, self._on_text = url, on_text
        self._prompt_estimate = estimated_prompt_tokens(request.prompt)
        self._most_tokens = request.sampling.max_tokens
        self._drafts = [Draft(index=index) for index in indices]
        self._only_choice: int | None = None
        self._usage: Usage | None = None
        self._is_counted_last = False
        """Whether the latest event held the usage alone, with which servers end an answer."""
        self._own: dict[int, Usage] = {}
        """By sample, the usage that came with or right after its last piece, as llama.cpp sends it for n > 1."""
        self._is_running_count = False
        """Whether a usage has come that belongs to no sample's end: a count of the answer so far."""
        self._ended: list[Draft] = []
        """The samples that the latest event with pieces finished."""
        self._accounted = 0
        self._is_prompt_counted = False

    @property
    def started(self) -> list[int]:
        """Indices of the samples of which something has arrived."""
        return [draft.index for draft in self._drafts if draft.started]

    @property
    def all_finished(self) -> bool:
        """Whether every sample has finished."""
        return all(draft.finish for draft in self._drafts)

    def add(self, event: Event) -> list[Draft]:
        """Add an event to the drafts; returns the drafts it finishes.

        Raises Failure for an error in the answer, GarbageError for an answer without choices.
        """
        if event.kind == "done":
            return self._complete()
        data = unwrapped(event.data)
        if is_error(data):
            raise status_failure(200, data, self._url)
        pieces, usage = read_chunk(data)
        if event.kind == "whole" and not pieces:
            raise GarbageError(f"no choices in {str(event.data)[:80]!r}")
        finished = []
        for piece in pieces:
            if (draft := self._draft(piece.index)) is None:
                continue
            was_finished = bool(draft.finish)
            if text := draft.add(piece):
                self._on_text(draft.index, text)
            if draft.finish and not was_finished:
                finished.append(draft)
        self._ended = finished if pieces else self._ended
        self._is_counted_last = usage is not None and not pieces
        if usage is not None:
            self._count(usage)
        return finished + (self._complete() if event.kind == "whole" else [])

    def _count(self, usage: Usage) -> None:
        """Note a usage: of the whole answer or, where every sample comes to have one, of the sample that just ended."""
        self._usage = usage
        if len(self._ended) == 1 and not self._is_running_count:
            self._own[self._ended[0].index] = usage
        else:
            self._is_running_count = True
        if len(self._own) == len(self._drafts) and not self._is_running_count:
            # llama.cpp reports the whole prompt with each sample, but reads it once.
            prompt = max(own.prompt_tokens for own in self._own.values())
            self._usage = Usage(prompt, sum(own.completion_tokens for own in self._own.values()))

    def end(self) -> list[Draft]:
        """The drafts that the end of the stream finishes: those with text or reasoning, if the usage came last."""
        return self._complete() if self._is_counted_last else []

    @property
    def problem(self) -> str:
        """What happened to the samples that have not finished, in words that continue "the server"."""
        reasons = [draft.broken for draft in self._drafts if draft.broken]
        return f"broke the sample off: {reasons[0]}" if reasons else "ended the stream before the sample was complete"

    def _complete(self) -> list[Draft]:
        """The samples with text or reasoning but no finish reason, marked as finished: the answer has ended."""
        unfinished = [draft for draft in self._drafts if not draft.finish and not draft.broken]
        unmarked = [draft for draft in unfinished if draft.text or draft.reasoning]
        for draft in unmarked:
            draft.finish = "stop"
        return unmarked

    def _draft(self, choice: int | None) -> Draft | None:
        """The sample that a choice belongs to; None for a choice that nobody asked for.

        In an answer with one sample, the first choice to arrive is that sample, whatever its index.
        """
        if len(self._drafts) > 1:
            return self._drafts[choice] if choice is not None and choice < len(self._drafts) else None
        if not self._drafts[0].started:
            self._only_choice = choice
        return self._drafts[0] if choice == self._only_choice or None in (choice, self._only_choice) else None

    def account(self, draft: Draft, last: bool = False) -> Draft:
        """The draft with its share of the usage, and without log-probabilities where some are missing.

        The prompt, which the server reads for every request that it is sent, is counted in the first draft.
        `last`: all other samples of the answer were accounted for, so the rest of the server's count is this sample's.
        """
        if draft.scored_chunks < draft.chunks:
            draft.logprobs = []
        prompt = self._usage.prompt_tokens if self._usage else self._prompt_estimate
        guess = max(1, draft.chunks, estimated_tokens(draft.text))
        is_counted = last and self._usage is not None and (self._usage.completion_tokens > 0 or not draft.text)
        if is_counted and self._usage:
            completion = max(0, self._usage.completion_tokens - self._accounted)
        else:
            completion = len(draft.logprobs) or min(guess, self._most_tokens)
        self._accounted += completion
        exact = self._usage is not None and (is_counted or bool(draft.logprobs))
        draft.usage = Usage(0 if self._is_prompt_counted else prompt, completion, estimated=not exact)
        self._is_prompt_counted = True
        return draft
