"""Stored answers of real models: a gzip file of JSON lines, one for each answer, in a fixed order."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cure.json_lines import read_lines
from evaluator.run.directory import RunDirectory
from evaluator.run.samples import SEEDS_APART


def store(runs: Sequence[RunDirectory], path: Path) -> int:
    """Write the answers of these runs to a file, and return their number. Equal answers give an equal file."""
    records = sorted(
        (record for run in runs for record in _answers(run)),
        key=lambda record: [record[name] for name in ("model", "role", "form", "problem", "index")],
    )
    lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    path.write_bytes(gzip.compress(lines.encode(errors="surrogatepass"), mtime=0))
    return len(records)


def stored(path: Path) -> list[dict[str, Any]]:
    """The answers in a file."""
    with gzip.open(path, "rt", encoding="utf-8", errors="surrogatepass") as file:
        return [json.loads(line) for line in file]


def _answers(run: RunDirectory) -> Iterable[dict[str, Any]]:
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
                "finish": sample["finish"],
                "tokens": sample["completion_tokens"],
                "text": sample["text"],
            }
