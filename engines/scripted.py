"""Prepared completions from a file: for tests, for demos of failure paths, and to replay stored completions.

The file is JSON (a list of entries) or JSONL (an entry per line). An entry has conditions on requests, and answers:

    {"key": "coder/*", "text": "print(1)"}
    {"key": "coder/1", "completions": ["print(1)", {"error": "429: slow down"}, {"text": "pri", "finish": "length"}]}
    {"prompt_sha256": "9f86…", "key": "coder/*", "completions": ["…", "…"], "repeat": true}
    {"text": "the answer to everything else", "repeat": true}

Which requests
    prompt_sha256   SHA-256 (hex) of the prompt, see `prompt_sha256`
    key             a glob over the request's key; `*` also matches `/`
    An entry with both answers requests that match both, an entry with neither answers every request.

Completions: the fields below for a single one, or `completions`, a list of texts and of objects with these fields.
    text            what the model said
    finish          "stop" (default), "length" or "error"
    error           why it failed; implies finish "error"
    tokens          completion tokens; if absent, or if a stop string cuts the text, a quarter of the characters
    delay_s         seconds until the completion is there (default 0)
    deltas          in how many pieces it arrives, spread over delay_s (default 1)
    repeat          (entry) start again from the first completion when all were used

Entries with a prompt_sha256 are tried before entries without, otherwise in file order. Unless the entry repeats, each
completion is given once: a request with n = 4 takes the next four, and a later request for the same entry goes on after
these. A request for which no completion is left raises an error that names the request. Stop strings and max_tokens cut
a prepared text as they would cut a model's.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from engines.errors import EngineError, ModelSpecError
from engines.protocol import Completion, Delta, Engine, Finish, Prompt, Request, Sampling, Usage
from engines.stop import cut_at_stop
from engines.text import prompt_text

if TYPE_CHECKING:
    from engines.spec import ModelSpec
    from settings.section import Section

_CHARS_PER_TOKEN = 4
_COMPLETION_FIELDS = {"text", "finish", "error", "tokens", "delay_s", "deltas"}
_ENTRY_FIELDS = _COMPLETION_FIELDS | {"key", "prompt_sha256", "completions", "repeat"}


def prompt_sha256(prompt: Prompt) -> str:
    """SHA-256 in hex of `prompt_text(prompt)` in UTF-8."""
    return hashlib.sha256(prompt_text(prompt).encode(errors="surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Prepared:
    """One prepared completion."""

    text: str = ""
    finish: Finish = "stop"
    error: str = ""
    tokens: int | None = None
    delay_s: float = 0.0
    deltas: int = 1


@dataclass(frozen=True)
class Entry:
    """Prepared completions and the requests they answer."""

    completions: tuple[Prepared, ...]
    key: str | None = None
    prompt_sha256: str | None = None
    repeat: bool = False

    def matches(self, request: Request, sha256: str) -> bool:
        """Whether the request's prompt and key are the ones this entry answers."""
        if self.prompt_sha256 is not None and self.prompt_sha256 != sha256:
            return False
        return self.key is None or fnmatchcase(request.key, self.key)


class ScriptedEngine:
    """Answers from prepared entries, in order."""

    def __init__(self, entries: Sequence[Entry], spec: str = "scripted:") -> None:
        self._spec = spec
        # A stable sort: prompt matches first, file order otherwise.
        self._entries = sorted(entries, key=lambda entry: entry.prompt_sha256 is None)
        self._used = [0] * len(self._entries)

    @classmethod
    def from_file(cls, path: str | Path) -> ScriptedEngine:
        """An engine over the file's entries; raises ModelSpecError saying which entry is wrong and how."""
        return cls(read_entries(Path(path)), f"scripted:{path}")

    @property
    def spec(self) -> str:
        """The spec, `scripted:` and the path of the file."""
        return self._spec

    @property
    def model(self) -> str:
        """The spec of the file."""
        return self._spec

    async def check(self) -> str:
        """One line saying that the file was read."""
        return f"{self._spec} is loaded"

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        """Prepared completions as their delays pass; raises EngineError before the first if any request lacks one."""
        plan = [(request, index, self._next(request)) for request in requests for index in range(request.n)]
        tasks = [asyncio.create_task(_play(request, index, said, on_delta)) for request, index, said in plan]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        """Do nothing: there is nothing to free."""

    def _next(self, request: Request) -> Prepared:
        sha256 = prompt_sha256(request.prompt)
        for number, entry in enumerate(self._entries):
            if not entry.matches(request, sha256):
                continue
            used = self._used[number]
            if used < len(entry.completions) or entry.repeat:
                self._used[number] += 1
                return entry.completions[used % len(entry.completions)]
        matching = [entry for entry in self._entries if entry.matches(request, sha256)]
        count = sum(len(entry.completions) for entry in matching)
        why = f"all {count} prepared completions that match it were used" if matching else "no entry matches it"
        raise EngineError(f"{self._spec} cannot answer request {request.key!r}: {why} (prompt sha256 {sha256})")


async def open_scripted(spec: ModelSpec, options: Sequence[Section]) -> Engine:  # noqa: ARG001 - it has no options
    """The engine over a file's entries; raises ModelSpecError saying which entry is wrong and how."""
    return ScriptedEngine.from_file(spec.name)


async def _play(request: Request, index: int, said: Prepared, on_delta: Callable[[Delta], None] | None) -> Completion:
    text, finish, tokens = _cut(said, request.sampling)
    size = max(1, -(-len(text) // said.deltas))
    for piece in range(said.deltas):
        await asyncio.sleep(said.delay_s / said.deltas)
        if on_delta and (part := text[piece * size : (piece + 1) * size]):
            on_delta(Delta(request.key, index, part))
    prompt_tokens = _estimate(prompt_text(request.prompt)) if index == 0 else 0
    usage = Usage(prompt_tokens, tokens, estimated=said.tokens is None)
    return Completion(request.key, index, text, finish, usage=usage, error=said.error)


def _cut(said: Prepared, sampling: Sampling) -> tuple[str, Finish, int]:
    """Text, finish and number of completion tokens, cut at stop strings and max_tokens."""
    text, stopped = cut_at_stop(said.text, sampling.stop)
    tokens = said.tokens if said.tokens is not None and not stopped else _estimate(text)
    finish: Finish = "stop" if stopped and not said.error else said.finish
    if tokens > sampling.max_tokens and not said.error:
        return text[: len(text) * sampling.max_tokens // tokens], "length", sampling.max_tokens
    return text, finish, tokens


def _estimate(text: str) -> int:
    return -(-len(text) // _CHARS_PER_TOKEN)


def read_entries(path: Path) -> list[Entry]:
    """The file's entries; raises ModelSpecError naming file, entry and field."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ModelSpecError(f"scripted completions not found: {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ModelSpecError(f"scripted completions {path} cannot be read: {error}") from None
    rows = _parse_rows(path, text)
    if not rows:
        raise ModelSpecError(f"scripted completions {path} hold no entry")
    return [_entry(f"scripted completions {path}, entry {number}", row) for number, row in enumerate(rows, 1)]


def _parse_rows(path: Path, text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            return cast(list[Any], json.loads(text))
        except ValueError as error:
            raise ModelSpecError(f"scripted completions {path} are not JSON: {error}") from None
    rows = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise ModelSpecError(f"scripted completions {path}, line {number}, is not JSON: {error}") from None
    return rows


def _entry(where: str, row: Any) -> Entry:
    _check_fields(where, row, _ENTRY_FIELDS)
    for name in ("key", "prompt_sha256"):
        if not isinstance(row.get(name), str | None):
            raise ModelSpecError(f"{where}: {name} must be a string")
    if "completions" not in row:
        own = {name: value for name, value in row.items() if name in _COMPLETION_FIELDS}
        completions: tuple[Prepared, ...] = (_prepared(where, own),)
    elif not isinstance(row["completions"], list) or not row["completions"]:
        raise ModelSpecError(f"{where}: completions must be a list of at least one text or object")
    elif mixed := sorted(_COMPLETION_FIELDS & row.keys()):
        raise ModelSpecError(f"{where}: {mixed[0]} stands beside completions; put it into each of them")
    else:
        completions = tuple(
            _prepared(f"{where}, completion {number}", {"text": said} if isinstance(said, str) else said)
            for number, said in enumerate(row["completions"], 1)
        )
    return Entry(completions, row.get("key"), row.get("prompt_sha256"), row.get("repeat") is True)


def _prepared(where: str, row: Any) -> Prepared:
    _check_fields(where, row, _COMPLETION_FIELDS)
    if "text" not in row and "error" not in row:
        raise ModelSpecError(f"{where}: neither text nor error")
    for name, kind in (("text", str), ("error", str), ("tokens", int), ("delay_s", (int, float)), ("deltas", int)):
        if name in row and (not isinstance(row[name], kind) or isinstance(row[name], bool)):
            raise ModelSpecError(f"{where}: {name} is {row[name]!r}, which is of the wrong type")
    finish = row.get("finish", "error" if row.get("error") else "stop")
    if finish not in get_args(Finish):
        raise ModelSpecError(f"{where}: finish is {finish!r}, not one of stop, length, error")
    if (finish == "error") != bool(row.get("error")):
        raise ModelSpecError(f'{where}: finish "error" and a reason in the field error belong together')
    if row.get("deltas", 1) < 1 or row.get("delay_s", 0) < 0 or row.get("tokens", 0) < 0:
        raise ModelSpecError(f"{where}: deltas must be at least 1, delay_s and tokens not negative")
    return Prepared(**{**row, "finish": finish})


def _check_fields(where: str, row: Any, known: set[str]) -> None:
    if not isinstance(row, dict):
        raise ModelSpecError(f"{where}: not an object")
    if unknown := sorted(row.keys() - known):
        raise ModelSpecError(f"{where}: unknown field {unknown[0]!r}; known: {', '.join(sorted(known))}")
