"""Completions on disk, shared by the strategies of a comparison: no sample is asked for twice."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cure.asking import Part, missing_parts
from engines import Completion, Delta, Engine, Request, Usage, prompt_text, write_atomically


@dataclass(frozen=True)
class Answers:
    """Completions in a folder, each in a file named by the hash of all that determines it.

    Sample i of a request is drawn with the request's seed plus i. Samples of two requests are the same if model,
    prompt, sampling and these sums are equal (without seeds, the indices), whatever the keys of the requests.
    """

    folder: Path

    def get(self, model: str, request: Request, index: int) -> dict[str, Any] | None:
        """The record of a sample of the request: its text, finish, usage and seconds; None if it is not stored."""
        try:
            record: dict[str, Any] = json.loads(self._path(model, request, index).read_bytes())
        except (OSError, ValueError):
            return None
        return record

    def put(self, model: str, request: Request, completion: Completion, seconds: float) -> None:
        """Store a completion of the request; `seconds` is how long it took."""
        record = {
            "text": completion.text,
            "finish": completion.finish,
            "usage": asdict(completion.usage),
            "seconds": round(seconds, 3),
        }
        _write(self._path(model, request, completion.index), record)
        if completion.usage.prompt_tokens:
            _write(self._prompt_path(model, request), {"prompt_tokens": completion.usage.prompt_tokens})

    def prompt_tokens(self, model: str, request: Request) -> int:
        """Tokens of the request's prompt, as counted with any sample of this prompt; 0 where none is stored."""
        try:
            return int(json.loads(self._prompt_path(model, request).read_bytes())["prompt_tokens"])
        except (OSError, ValueError):
            return 0

    def _prompt_path(self, model: str, request: Request) -> Path:
        return self._named([model, type(request.prompt).__name__, prompt_text(request.prompt)])

    def _path(self, model: str, request: Request, index: int) -> Path:
        sampling = asdict(request.sampling)
        if request.sampling.seed is not None:
            sampling["seed"] = request.sampling.seed + index
        else:
            sampling["index"] = index
        kind = type(request.prompt).__name__
        return self._named([model, kind, prompt_text(request.prompt), sampling])

    def _named(self, content: list[Any]) -> Path:
        name = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return self.folder / name[:2] / f"{name}.json"


def _write(path: Path, record: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Escaped, so that lone surrogates of a broken stream can be written.
    write_atomically(path, json.dumps(record), durable=False)


class RememberingEngine:
    """An engine that takes completions from `Answers`, and asks another engine only for those that are not there.

    Usage is that of an engine which was asked for everything at once: tokens of the prompt are counted in one sample of
    a request. Failed completions are not stored.
    """

    def __init__(self, engine: Engine, answers: Answers) -> None:
        self._engine, self._answers = engine, answers
        self.saved_seconds = 0.0
        """Sum over the calls of `complete`: seconds by which the slowest completion taken from `Answers` had taken
        longer than the call.
        """
        self.asked = 0
        """Number of completions that the other engine was asked for."""

    @property
    def spec(self) -> str:
        """The spec of the other engine."""
        return self._engine.spec

    @property
    def model(self) -> str:
        """The model of the other engine."""
        return self._engine.model

    async def check(self) -> str:
        """One line saying that the model is available; raises EngineError saying why it is not."""
        return await self._engine.check()

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Completions that `Answers` has, then those that the other engine is asked for, as each finishes."""
        begun, longest = time.monotonic(), 0.0
        wanted: dict[str, tuple[Request, Part]] = {}
        counted: set[str] = set()
        try:
            for request in requests:
                known = self._known(request)
                for index, record in known.items():
                    longest = max(longest, record["seconds"])
                    yield _counted_once(_completion(request, index, record), counted)
                wanted |= {part.request.key: (request, part) for part in missing_parts(request, known)}
            async for completion in self._new(wanted, on_delta, begun):
                yield _counted_once(completion, counted)
        finally:
            self.saved_seconds += max(0.0, longest - (time.monotonic() - begun))

    async def close(self) -> None:
        """Do nothing: the other engine is closed by whoever opened it."""

    def _known(self, request: Request) -> dict[int, dict[str, Any]]:
        found = {index: self._answers.get(self.model, request, index) for index in range(request.n)}
        known = {index: record for index, record in found.items() if record is not None}
        if not known:
            return {}
        # The prompt may have been counted in a sample of a larger request that is not among these.
        tokens = self._answers.prompt_tokens(self.model, request)
        return {
            index: record | {"usage": record["usage"] | {"prompt_tokens": tokens}} for index, record in known.items()
        }

    async def _new(
        self, wanted: Mapping[str, tuple[Request, Part]], on_delta: Callable[[Delta], None] | None, begun: float
    ) -> AsyncGenerator[Completion, None]:
        if not wanted:
            return

        def passed_on(delta: Delta) -> None:
            request, part = wanted[delta.key]
            if on_delta is not None:
                on_delta(replace(delta, key=request.key, index=part.first + delta.index))

        self.asked += sum(part.request.n for _, part in wanted.values())
        parts = [part.request for _, part in wanted.values()]
        async with aclosing(self._engine.complete(parts, passed_on if on_delta else None)) as made:
            async for each in made:
                request, part = wanted[each.key]
                index = part.first + each.index
                completion = replace(each, key=request.key, index=index)
                if each.finish != "error":
                    seconds = each.seconds if each.seconds is not None else time.monotonic() - begun
                    self._answers.put(self.model, request, completion, seconds)
                yield completion


def _completion(request: Request, index: int, record: Mapping[str, Any]) -> Completion:
    usage = Usage(**record["usage"])
    return Completion(request.key, index, record["text"], record["finish"], usage=usage)


def _counted_once(completion: Completion, counted: set[str]) -> Completion:
    """The completion, without the tokens of the prompt if its request is in `counted`, to which it is added if not."""
    if not completion.usage.prompt_tokens:
        return completion
    if completion.key in counted:
        return replace(completion, usage=replace(completion.usage, prompt_tokens=0))
    counted.add(completion.key)
    return completion
