"""What one ended batch gives: samples, and what is to become of the requests it left open."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from cure.problem import Problem
from engines import Completion
from engines.http.wire import GarbageError
from evaluator.run.batch_api import Batch
from evaluator.run.batch_lines import HOPELESS_CODES, Answer, Asked, Refusal, completions, read_result
from evaluator.run.batch_state import Part, State
from evaluator.run.lines import Lines
from evaluator.run.samples import Asker, Role, Sample, Samples

_TOO_MUCH = {"token_limit_exceeded", "request_limit_exceeded"}


class Sink:
    """Where the samples of these roles go: to disk first."""

    def __init__(
        self,
        askers: Sequence[Asker],
        problems: Sequence[Problem],
        samples: Mapping[str, Samples],
        lines: Mapping[str, Lines],
    ) -> None:
        self.askers: dict[str, Asker] = {asker.role: asker for asker in askers}
        self.keys = {asker.role: asker.keys(problems) for asker in askers}
        self._samples, self._lines = samples, lines

    def is_ours(self, asked: Asked) -> bool:
        """Whether these samples are still wanted as they were asked for: the same prompt, the same settings."""
        return asked.role in self.askers and self.keys[asked.role](asked.problem, asked.first) == asked.key

    def missing(self, asked: Asked) -> list[int]:
        """Which of these samples are not there."""
        lacking = set(self._samples[asked.role].missing(asked.problem))
        return [index for index in asked.indices if index in lacking]

    def lacking(self, role: str, problem: int) -> list[int]:
        """Which samples of a problem are not there."""
        return self._samples[role].missing(problem)

    def keep(self, asked: Asked, completion: Completion, seconds: float) -> Iterator[tuple[Role, Sample]]:
        """Write a sample down, unless it is there already, from before a kill."""
        role, number, index = asked.role, asked.problem, completion.index
        if index not in self.missing(asked):
            return
        usage = completion.usage
        sample = Sample(
            self.keys[role](number, index), number, index, completion.text, completion.finish, completion.error,
            usage.prompt_tokens, usage.completion_tokens, usage.estimated, round(seconds, 3),
        )  # fmt: skip
        self._lines[role].append(asdict(sample))
        self._samples[role].found.setdefault(number, {})[index] = sample
        yield role, sample

    def fail(self, asked: Asked, reason: str, seconds: float) -> Iterator[tuple[Role, Sample]]:
        """Write down that these samples cannot be had."""
        for index in asked.indices:
            yield from self.keep(asked, Completion(asked.id, index, "", "error", error=reason), seconds)


class Collection:
    """One ended batch while its files are read."""

    def __init__(self, part: Part, batch: Batch, sink: Sink, state: State, rounds: int) -> None:
        self.tally: Counter[str] = Counter(lines=len(part.ids))
        self.hopeless = ""
        """Why nothing more can be asked."""
        self.hold = False
        """Whether to pause before the next batch."""
        self._part, self._batch, self._sink, self._state, self._rounds = part, batch, sink, state, rounds
        self._seconds = time.time() - part.begun if batch.seconds is None else batch.seconds
        self._asked = {asked.id: asked for asked in part.asked() if sink.is_ours(asked)}
        self._seen: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._free: set[str] = set()
        """Lines asked for again without counting it: nobody answered them, and they are asked otherwise."""
        self._refusal = ""
        """Why the batch was not even begun."""

    def read(self, path: Path) -> Iterator[tuple[Role, Sample]]:
        """The samples of an output or error file, whatever the order of its lines; each line counts once."""
        with path.open("rb") as file:
            for line in file:
                if not line.strip():
                    continue
                try:
                    result = read_result(line)
                except GarbageError:
                    self.tally["malformed"] += 1
                    continue
                if result.id not in self._asked:
                    self.tally["unknown"] += 1
                elif result.id in self._seen:
                    self.tally["duplicate"] += 1
                else:
                    self._seen.add(result.id)
                    yield from self._take(self._asked[result.id], result)

    def finish(self) -> Iterator[tuple[Role, Sample]]:
        """Everything was read. What was asked for too often is given up; the rest is still missing, and counted."""
        if self._batch.status == "failed":
            yield from self._refused()
        for asked in self._asked.values():
            for index in asked.indices:
                yield from self._leave(asked, index)

    def _take(self, asked: Asked, result: Answer | Refusal) -> Iterator[tuple[Role, Sample]]:
        if isinstance(result, Answer):
            self.tally["answered"] += 1
            found = list(completions(asked, result, self._sink.askers[asked.role].style.stop))
            for completion in found:
                yield from self._sink.keep(asked, completion, self._seconds)
            if asked.n > 1 and len(found) == len(result.pieces) == 1:
                # A whole, orderly answer with one sample: the server does not know n.
                self._state.dialect = replace(self._state.dialect, n=False)
                self._free.add(asked.id)
            return
        self.tally["refused"] += 1
        self._reasons[asked.id] = result.reason
        if result.kind == "hopeless":
            self.hopeless = result.reason
        elif result.status in (400, 422) and self._part.dialect.without(result.reason):
            self._state.dialect = self._state.dialect.without(result.reason) or self._state.dialect
            self._free.add(asked.id)
        elif result.kind == "permanent":
            yield from self._sink.fail(asked, result.reason, self._seconds)

    def _refused(self) -> Iterator[tuple[Role, Sample]]:
        """The server did not begin: because of the model, of too much in its queue, or of some lines."""
        said = next(iter(self._batch.complaints), None)
        self._refusal = said.message if said else "it does not say why"
        for one in self._batch.complaints:
            if one.code in HOPELESS_CODES or one.param.rpartition(".")[2] == "model":
                self.hopeless = one.message
            elif one.code in _TOO_MUCH or "enqueued token limit" in one.message.lower():
                self._shrink(one.message)
            elif one.line is not None and 0 < one.line <= len(self._part.ids):
                # The others were not asked: they may be without this one.
                self._free.update(self._part.ids)
                if asked := self._asked.get(self._part.ids[one.line - 1]):
                    yield from self._sink.fail(asked, one.message, self._seconds)

    def _shrink(self, message: str) -> None:
        """Too much is queued: one batch at a time from now on, and where it was the only one, a smaller one."""
        self._free.update(self._part.ids)
        self.hold = True
        self._state.alone = True
        if len(self._state.parts) == 1:
            self._state.most_lines = max(1, len(self._part.ids) // 2)
            if len(self._part.ids) == 1:
                self.hopeless = message

    def _leave(self, asked: Asked, index: int) -> Iterator[tuple[Role, Sample]]:
        key = self._sink.keys[asked.role](asked.problem, index)
        tries = self._state.tries
        if index not in self._sink.missing(asked):
            tries.pop(key, None)
            return
        if asked.id in self._free or self.hopeless:
            return
        tries[key] = tries.get(key, 0) + 1
        if tries[key] < self._rounds:
            return
        tries.pop(key)
        if self._refusal:
            # Nothing was asked and nothing paid: samples that say so would help nobody.
            self.hopeless = self._refusal
            return
        reason = self._reasons.get(asked.id, f"its batch ended ({self._batch.status}) without an answer to it")
        failed = Completion(asked.id, index, "", "error", error=f"{reason} (asked {self._rounds} times)")
        yield from self._sink.keep(asked, failed, self._seconds)
