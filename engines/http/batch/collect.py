"""Reads completions from an ended batch, and decides which unanswered samples are retried or given up."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from engines.http.batch.api import Batch
from engines.http.batch.lines import HOPELESS, Answer, Line, Refusal, completions, results
from engines.http.batch.missing import MissingSamples
from engines.http.batch.state import Part, State
from engines.http.dialect import PARAMETERS, REFUSALS
from engines.http.report import Report
from engines.protocol import Completion

_QUEUE_FULL = {"token_limit_exceeded", "request_limit_exceeded"}


class Collection:
    """One ended batch while its files are read."""

    def __init__(self, part: Part, batch: Batch, missing: MissingSamples, state: State, rounds: int) -> None:
        self.tally: Counter[str] = Counter(lines=len(part.lines))
        self.hopeless = ""
        """Why no further request can succeed; empty while further requests may succeed."""
        self.pause = False
        """Whether to pause before the next batch."""
        self._part, self._batch, self._missing, self._state, self._rounds = part, batch, missing, state, rounds
        self._seconds = time.time() - part.begun if batch.seconds is None else batch.seconds
        self._lines = {line.id: line for line in part.lines if missing.has_any(line)}
        self._seen: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._uncounted: set[str] = set()
        """Ids of lines whose failure is not counted: they were not processed, or the next request will differ."""
        self._refusal = ""
        """Why the server did not begin the batch; empty if it did."""

    def read(self, path: Path) -> Iterator[Completion]:
        """The completions in an output or error file, whatever the order of its lines; each line counts once."""
        for result in results(path):
            if result is None:
                self.tally["malformed"] += 1
            elif result.id not in self._lines:
                self.tally["unknown"] += 1
            elif result.id in self._seen:
                self.tally["duplicate"] += 1
            else:
                self._seen.add(result.id)
                yield from self._read_result(self._lines[result.id], result)

    def finish(self) -> Iterator[Completion]:
        """Errors for lines that made the server refuse the batch, and for samples that have failed in `rounds` batches.

        Other samples stay missing. To be called after all files of the batch were read.
        """
        if self._batch.status == "failed":
            yield from self._refused_batch()
        for line in self._lines.values():
            for offset in range(line.n):
                yield from self._count_failure(line, offset)

    def _read_result(self, line: Line, result: Answer | Refusal) -> Iterator[Completion]:
        if isinstance(result, Answer):
            self.tally["answered"] += 1
            found = list(completions(result, line.n, self._missing.stop(line)))
            for completion in found:
                yield from self._missing.arrive(line, completion, self._seconds)
            if line.n > 1 and len(found) == len(result.pieces) == 1:
                # The answer is complete but has one sample: the server ignores n.
                self._state.dialect = self._state.dialect.without("n")
                self._uncounted.add(line.id)
            return
        self.tally["refused"] += 1
        self._reasons[line.id] = result.reason
        if result.kind == "hopeless":
            self.hopeless = result.reason
        elif result.status in REFUSALS and (name := self._refused_parameter(line, result.report)):
            self._state.dialect = self._state.dialect.without(name)
            self._uncounted.add(line.id)
        elif result.kind == "permanent":
            yield from self._missing.fail(line, result.reason, self._seconds)

    def _refused_parameter(self, line: Line, report: Report) -> str:
        """The parameter that the refusal of a line names; empty without any."""
        sent = PARAMETERS - {"stream", "stream_options", *(["n"] if line.n == 1 else [])}
        return self._part.dialect.refused(report, sent)

    def _refused_batch(self) -> Iterator[Completion]:
        """Errors for the lines that made the server refuse the batch; a bad model or a full queue gives none."""
        complaints, lines = self._batch.complaints, self._part.lines
        self._refusal = complaints[0].message if complaints else "the server gives no reason"
        for complaint in complaints:
            if complaint.code in HOPELESS or complaint.param.rpartition(".")[2] == "model":
                self.hopeless = complaint.message
            elif complaint.code in _QUEUE_FULL or "enqueued token limit" in complaint.message.lower():
                self._shrink(complaint.message)
            elif complaint.line is not None and 0 < complaint.line <= len(lines):
                # The other lines were not processed; without this line they may be.
                self._uncounted.update(self._lines)
                yield from self._missing.fail(lines[complaint.line - 1], complaint.message, self._seconds)

    def _shrink(self, message: str) -> None:
        """Handle a full queue: one batch at a time from now on; if this batch was the only one, smaller batches."""
        self._uncounted.update(self._lines)
        self.pause = self._state.one_at_a_time = True
        if len(self._state.parts) == 1:
            count = len(self._part.lines)
            self._state.most_lines = max(1, count // 2)
            if count == 1:
                self.hopeless = message

    def _count_failure(self, line: Line, offset: int) -> Iterator[Completion]:
        name, place = line.samples[offset]
        sample, tries = f"{name}-{place}", self._state.tries
        if not self._missing.has((name, place)):
            tries.pop(sample, None)
        elif line.id not in self._uncounted and not self.hopeless:
            tries[sample] = tries.get(sample, 0) + 1
            if tries[sample] < self._rounds:
                return
            tries.pop(sample)
            if self._refusal:
                # The batch was neither processed nor paid for: record no errors.
                self.hopeless = self._refusal
                return
            reason = self._reasons.get(line.id, f"its batch ended ({self._batch.status}) without an answer to it")
            failure = Completion("", offset, "", "error", error=f"{reason} (asked {self._rounds} times)")
            yield from self._missing.arrive(line, failure, self._seconds)
