"""The samples of a call that are still missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engines.http.batch.lines import Line, SampleId, endpoint_of, identity
from engines.protocol import Completion, Request
from engines.runs import consecutive

_NO_TEXT = "the prompt cannot be sent: it contains characters that are not Unicode text"


class MissingSamples:
    """The requested samples of one call to `complete` that have not arrived."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.unsendable: list[Completion] = []
        """Errors for the samples of prompts that cannot be sent since they are not Unicode text."""
        self._named: list[tuple[Request, SampleId]] = []
        self._places: dict[SampleId, list[tuple[str, int]]] = {}
        """Key and index of each completion that a missing sample becomes; several if requests are equal."""
        self._stops: dict[str, tuple[str, ...]] = {}
        for request in requests:
            try:
                name, first = identity(request)
            except UnicodeEncodeError:
                failure = Completion(request.key, 0, "", "error", error=_NO_TEXT, seconds=0.0)
                self.unsendable += [replace(failure, index=index) for index in range(request.n)]
                continue
            self._named.append((request, (name, first)))
            self._stops[name] = request.sampling.stop
            for index in range(request.n):
                self._places.setdefault((name, first + index), []).append((request.key, index))

    def has(self, sample: SampleId) -> bool:
        """Whether the sample was requested and has not arrived."""
        return sample in self._places

    def has_any(self, line: Line) -> bool:
        """Whether a sample of the line was requested and has not arrived."""
        return any(map(self.has, line.samples))

    def stop(self, line: Line) -> tuple[str, ...]:
        """The stop strings of the line's request."""
        return self._stops[line.name]

    def lines(self, endpoint: str, under_way: set[SampleId], most: int) -> Iterator[tuple[Line, Request, int]]:
        """Lines of at most `most` samples for all missing samples not in `under_way`, to which they are added.

        Each line comes with its request and the index, within that request, of its first sample.
        """
        for request, (name, first) in self._named:
            if endpoint_of(request.prompt) != endpoint:
                continue
            places = range(first, first + request.n)
            missing = [place for place in places if self.has((name, place)) and (name, place) not in under_way]
            for start, count in consecutive(missing):
                for place in range(start, start + count, most):
                    line = Line(name, place, min(most, start + count - place))
                    under_way.update(line.samples)
                    yield line, request, place - first

    def arrive(self, line: Line, completion: Completion, seconds: float) -> Iterator[Completion]:
        """The completions, one per equal request, of a choice of the line's answer; none if it is not missing."""
        for key, index in self._places.pop((line.name, line.first + completion.index), ()):
            yield replace(completion, key=key, index=index, seconds=round(seconds, 3))

    def fail(self, line: Line, reason: str, seconds: float) -> Iterator[Completion]:
        """Errors for the line's missing samples."""
        for offset in range(line.n):
            yield from self.arrive(line, Completion("", offset, "", "error", error=reason), seconds)
