"""Stored answers of real models: a gzip file of JSON lines, one for each answer, in a fixed order."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cure.json_lines import read_lines
from evaluator.run.directory import RunDirectory
from evaluator.run.samples import SEEDS_APART

_PLACE = ("model", "role", "form", "problem")


def store(runs: Sequence[RunDirectory], path: Path, *, dtype: str = "float32", add: bool = False) -> int:
    """Write the answers of these runs to a file, and return the number of answers in it. Equal answers give an equal
    file.

    `dtype` is the type of the numbers that the models computed with. With `add`, the answers that the file already has
    stay; answers that it lacks get the next free numbers of their model, role, form and problem.
    """
    kept = stored(path) if add else []
    numbers: Counter[tuple[str, ...]] = Counter(_place(record) for record in kept)
    drawn = {(_place(record), record["seed"], record["dtype"]) for record in kept}
    for record in sorted((record for run in runs for record in _answers(run, dtype)), key=_order):
        if (place := _place(record), record["seed"], record["dtype"]) not in drawn:
            kept.append(record | {"index": numbers[place]})
            numbers[place] += 1
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in sorted(kept, key=_order))
    path.write_bytes(gzip.compress(lines.encode(errors="surrogatepass"), mtime=0))
    return len(kept)


def stored(path: Path) -> list[dict[str, Any]]:
    """The answers in a file."""
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as file:
        return [json.loads(line) for line in file]


def _place(record: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(record[name] for name in _PLACE)


def _order(record: Mapping[str, Any]) -> tuple[tuple[str, ...], int]:
    return _place(record), record["index"]


def _answers(run: RunDirectory, dtype: str) -> Iterable[dict[str, Any]]:
    """The answers of a run of one role, without those that failed."""
    settings = run.read_settings()
    names = run.problem_names()
    form = json.loads(run.config.read_text(encoding="utf-8"))["form"]
    for role, asked in settings.roles.items():
        for sample in read_lines(run.samples(role)):
            if sample["error"]:
                continue
            yield {
                "model": asked.model.partition("#")[2] or asked.model,
                "role": role,
                "form": form,
                "problem": names[sample["problem"]],
                "index": sample["index"],
                "seed": asked.seed + SEEDS_APART * sample["problem"] + sample["index"],
                "temperature": asked.temperature,
                "max_tokens": asked.max_tokens,
                "dtype": dtype,
                "finish": sample["finish"],
                "tokens": sample["completion_tokens"],
                "text": sample["text"],
            }
