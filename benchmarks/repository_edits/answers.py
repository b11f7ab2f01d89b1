"""Answers of models about the tasks: drawn, stored, read, counted."""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

from agent.repository.edit import Edits, Format, Refusal, read_edits
from agent.repository.prompts import GeneratedTest, edit_prompt, read_test, test_prompt
from benchmarks.repository_edits.tasks import Task
from engines import ChatPrompt, Completion, HttpOptions, Request, Sampling, open_engine

TEST = "test"
"""The form that asks for a test in place of an edit."""
MAX_TOKENS = 700
PATIENT = HttpOptions(first_token_s=3_600, idle_s=3_600, patience_s=3_600, concurrency=16, per_request=1)
Record = dict[str, Any]


def asked(task: Task, form: str) -> ChatPrompt:
    """The prompt that asks for an edit in a form, or for a test."""
    if form == TEST:
        return test_prompt(task.words, "", task.shown, imports=task.imports)
    return edit_prompt(task.words, "", task.shown, format=cast(Format, form), budget=5_000)


async def sample(tasks: Sequence[Task], form: str, model: str, n: int, out: Path) -> None:
    """Append to `out` the answers that it lacks: `n` for each task, drawn with temperature 0.8."""
    have = Counter((row["source"], row["task"], row["form"]) for row in records(out))
    sampling = Sampling(temperature=0.8, top_p=0.95, max_tokens=MAX_TOKENS)
    wanted = {f"{task.source}:{task.name}": (task, n - have[task.source, task.name, form]) for task in tasks}
    requests = [
        Request(key, asked(task, form), missing, sampling) for key, (task, missing) in wanted.items() if missing > 0
    ]
    engine = await open_engine(model, PATIENT)
    try:
        with out.open("a", encoding="utf-8") as file:
            async with aclosing(engine.complete(requests)) as completions:
                async for done in completions:
                    if done.finish == "error":
                        print(done.key, done.error, file=sys.stderr)
                        continue
                    file.write(json.dumps(_row(done, engine.model, form), ensure_ascii=False) + "\n")
                    file.flush()
    finally:
        await engine.close()


def _row(done: Completion, model: str, form: str) -> Record:
    source, _, name = done.key.partition(":")
    row: Record = {"model": model.rpartition("#")[2], "source": source, "task": name, "form": form}
    return row | {"finish": done.finish, "tokens": done.usage.completion_tokens, "text": done.text}


def records(path: Path) -> list[Record]:
    """The answers in a file of JSON lines, packed or not; none where there is no file."""
    if not path.exists():
        return []
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def reading(row: Record, tasks: Mapping[tuple[str, str], Task]) -> Edits | GeneratedTest | Refusal | None:
    """What an answer is read as; None where its task is not here."""
    task = tasks.get((row["source"], row["task"]))
    if task is None:
        return None
    cut = row["finish"] == "length"
    if row["form"] == TEST:
        return read_test(row["text"], task.imports, task.names, cut=cut)
    return read_edits(row["text"], task.files, task.places, format=cast(Format, row["form"]), cut=cut)


def shares(rows: Iterable[Record], tasks: Mapping[tuple[str, str], Task]) -> dict[str, Counter[str]]:
    """How many answers of each form and source are applicable, and how many refused for each reason."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        result = reading(row, tasks)
        if result is not None:
            kind = str(result.reason) if isinstance(result, Refusal) else "applicable"
            found[f"{row['form']} {row['source']}"][kind] += 1
    return dict(sorted(found.items()))


def show(rows: Sequence[Record], tasks: Mapping[tuple[str, str], Task], *, refused: bool) -> None:
    """Print the shares, and each refused answer if asked for."""
    for row in rows if refused else ():
        result = reading(row, tasks)
        if isinstance(result, Refusal):
            print(f"=== {row['form']} {row['source']} {row['task']} ({row['finish']}): {result.words}")
            print(row["text"], "\n")
    for kind, counts in shares(rows, tasks).items():
        total, equal = sum(counts.values()), counts["no_change"]
        read = counts["applicable"] + equal
        others = ", ".join(
            f"{reason} {n}" for reason, n in counts.most_common() if reason not in ("applicable", "no_change")
        )
        print(
            f"{kind}: {read} of {total} read ({read / total:.1%}), {equal} of them equal to the present code. {others}"
        )


def store(rows: Sequence[Record], path: Path) -> None:
    """Write answers to a packed file; equal answers give an equal file."""
    lines = sorted(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
