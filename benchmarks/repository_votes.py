"""What a model's vote is worth to the localisation: figures of the repository benchmark with and without it.

    python -m benchmarks.repository_votes /work/bench --model gguf:FILE --out build/votes.json

The model sees the task and the best places by name, signature and first line of the docstring, and answers with the
numbers of at most three; `with_votes` joins them with the ranking. Answers are kept in `--out`, and a second call asks
only for those that are missing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial
from pathlib import Path

import numpy as np

from agent.repository.edit import Place as Named
from agent.repository.prompts import localise_prompt, read_choice
from agent.repository.source import Index, Localised, Place, is_test, localise, with_votes
from benchmarks.repository_localisation import COLUMNS, Task, interval, row, tasks
from engines import GgufOptions, Request, Sampling, open_engine

Answers = dict[str, str]
"""Texts of the model by `task/wording`."""


def listed(localised: Localised, most: int) -> list[Place]:
    """The best places outside of tests."""
    return [place for place in localised.places if not is_test(place.path)][:most]


def names(places: list[Place]) -> list[Named]:
    """The places as the prompt names them."""
    return [Named(place.path, place.symbol.name, place.symbol.first, place.symbol.last) for place in places]


def stored(out: Path) -> Answers:
    """The answers that a file keeps; none where there is no file."""
    return dict(json.loads(out.read_text())) if out.exists() else {}


def store(answers: Answers, out: Path) -> None:
    """Writes the answers to a file."""
    out.write_text(json.dumps(answers, indent=1))


async def ask(found: list[Task], model: str, most: int, out: Path) -> Answers:
    """The answers for all tasks in both wordings; those that are missing are asked for."""
    answers = stored(out)
    engine = await open_engine(model, GgufOptions(threads=1))
    try:
        for task in found:
            for wording, text in task.wordings.items():
                key = f"{task.id}/{wording}"
                if key in answers:
                    continue
                places = listed(localise(task.index, text), most)
                outlines = [f"{place.symbol.signature}  {place.symbol.doc}" for place in places]
                prompt = localise_prompt(text, names(places), outlines)
                request = Request(key, prompt, 1, Sampling(temperature=0, max_tokens=60))
                async with aclosing(engine.complete([request])) as completions:
                    async for done in completions:
                        answers[key] = done.text
                store(answers, out)
                print(key, repr(answers[key]), flush=True)
    finally:
        await engine.close()
    return answers


def voted(index: Index, text: str, answer: str, most: int, share: float) -> Localised:
    """The places with the vote of one answer."""
    localised = localise(index, text)
    chosen = read_choice(answer, names(listed(localised, most)))
    return with_votes(localised, [[str(each) for each in chosen]], share)


def report(found: list[Task], answers: Mapping[str, str], most: int, share: float, budget: int) -> None:
    """Prints the figures for each wording."""
    for wording in ("given", "vaguer"):
        rows = []
        for task in found:
            answer = answers[f"{task.id}/{wording}"]
            method = partial(voted, answer=answer, most=most, share=share)
            rows.append(row(task, wording, "needed", method, budget, details=False))
        cells = []
        for column, values in zip(COLUMNS, np.array(rows).T, strict=True):
            low, high = interval(values)
            cells.append(f"{column} {values.mean():.2f} ({low:.2f}-{high:.2f})")
        print(f"{wording:7} share {share}  {'  '.join(cells)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--out", type=Path, default=Path("build/votes.json"))
    parser.add_argument("--most", type=int, default=20, help="places that the model sees")
    parser.add_argument("--budget", type=int, default=1500)
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    found = tasks(options.bench)
    answers = asyncio.run(ask(found, options.model, options.most, options.out))
    for share in (0.0, 0.3, 0.6):
        report(found, answers, options.most, share, options.budget)


if __name__ == "__main__":
    main()
