"""The prompt that asks a model to choose the places of a task from a list, and the reading of its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.repository.edit import Place
from agent.repository.prompts.budget import Part, fitted
from agent.repository.prompts.edit import chat
from cure.extract.thinking import without_thinking
from engines import ChatPrompt

_SYSTEM = "You know large Python projects well, and find the code that a task is about."

_ASK = """Which of the numbered functions and classes above must be changed so that the task is done? Choose at most \
{most}, the most likely first. Answer with their numbers in one line, such as `3, 1`, and nothing else."""


def localise_prompt(
    task: str, places: Sequence[Place], outlines: Sequence[str] = (), most: int = 3, budget: int = 3_000
) -> ChatPrompt:
    """The prompt that asks for the numbers, from 1, of at most `most` of these places.

    `outlines` has some words or the signature for each place. What exceeds `budget` tokens is left out at the end of
    the list, which should be in the order of likelihood.
    """
    lines = [f"{number}. {place}" for number, place in enumerate(places, 1)]
    if outlines:
        lines = [f"{line}  {_first(outline)}".rstrip() for line, outline in zip(lines, outlines, strict=True)]
    parts = [
        Part("\n".join(lines), 1, head="# Functions and classes\n\n"),
        Part(task.strip(), 2, head="# Task\n\n"),
        Part(_ASK.format(most=most), 0, head="# Question\n\n"),
    ]
    return chat(fitted(parts, budget), _SYSTEM)


def read_choice(text: str, places: Sequence[Place], most: int = 3) -> tuple[Place, ...]:
    """The chosen places in the order of the answer, by number or by name; empty where none is named."""
    answer = without_thinking(text).text
    found: list[Place] = []
    for line in answer.split("\n"):
        numbers = [int(number) for number in re.findall(r"(?<![\w.])\d{1,4}(?![\w]|\.\d)", line)]
        named = [
            place for place in places if place.name and re.search(rf"(?<![\w.]){re.escape(place.name)}(?!\w)", line)
        ]
        found += [places[number - 1] for number in numbers if 0 < number <= len(places)] or named
    return tuple(dict.fromkeys(found))[:most]


def _first(outline: str) -> str:
    line = outline.strip().partition("\n")[0]
    return line if len(line) <= 100 else line[:97] + "..."
