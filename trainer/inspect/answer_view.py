"""One answer in full: its text, and each of its tokens with its log-probability."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from cure.plain import visible
from trainer.errors import TrainerError
from trainer.inspect.recorded import RecordedRun, RecordedStep, RecordedTask
from trainer.inspect.step_view import state_of
from trainer.inspect.summary import value
from trainer.rollout.answers import Answer, RoleName

UNLIKELY = ((0.1, "red"), (0.5, "yellow"))
"""Colours of tokens whose probability is below these limits."""


def find_answer(step: RecordedStep, task: RecordedTask, name: str) -> tuple[RoleName, int, Answer]:
    """The answer named ROLE/NUMBER. Raises TrainerError, which lists the names, where there is none."""
    if task.answers is None:
        raise TrainerError(f"step {step.number}, task {task.slot} has no answers ({state_of(step)})")
    wanted, _, text = name.partition("/")
    for role, given in task.answers.answers.items():
        if role == wanted and text.isdecimal() and int(text) < len(given):
            return role, int(text), given[int(text)]
    known = ", ".join(f"{role}/0 to {role}/{len(given) - 1}" for role, given in task.answers.answers.items() if given)
    raise TrainerError(f"step {step.number}, task {task.slot} has no answer {name!r}; there are {known}")


def to_record(run: RecordedRun, step: RecordedStep, task: RecordedTask, name: str) -> dict[str, Any]:
    """The answer as a JSON object. Raises TrainerError where there is none of this name."""
    role, number, answer = find_answer(step, task, name)
    group = task.groups.get(role)
    return {
        "run": str(run.path),
        "step": step.number,
        "slot": task.slot,
        "answer": f"{role}/{number}",
        **asdict(answer),
        "prompt_token_ids": [] if task.answers is None else list(task.answers.prompts.get(role, ())),
        **asdict(task.earned(role, number)),
        "group": None if group is None else group.outcome,
    }


def show_answer(console: Console, run: RecordedRun, step: RecordedStep, task: RecordedTask, name: str) -> None:
    """Print the answer. Raises TrainerError where there is none of this name."""
    role, number, answer = find_answer(step, task, name)
    record = to_record(run, step, task, name)
    console.print(
        Text.assemble(
            (f"{role}/{number}", "bold"),
            f" of step {step.number}, task {task.slot}: {len(answer.token_ids)} tokens, ended by {answer.finish}",
            f", weights {visible(answer.version)}" if answer.version else "",
        )
    )
    if record["group"] is not None:
        right = {None: "", True: "right, ", False: "wrong, "}[record["right"]]
        advantage = "none" if record["advantage"] is None else f"{record['advantage']:+.3f}"
        console.print(Text(f"{right}reward {value(record['reward'])}, advantage {advantage}, group: {record['group']}"))
    if answer.error:
        console.print(Text(f"error: {visible(answer.error)}", style="red"))
    console.print()
    console.print(Text(visible(answer.text)))
    if not answer.token_ids:
        return
    console.print()
    total = sum(answer.logprobs)
    mean = f", log-probability {total:.2f}, {total / len(answer.logprobs):.3f} a token" if answer.logprobs else ""
    prompt = len(record["prompt_token_ids"])
    console.print(Text(f"{len(answer.token_ids)} tokens{mean}, behind a prompt of {prompt}", style="dim"))
    pieces = _pieces(run, answer.token_ids)
    what = "number, id, log-probability" + (", text" if pieces else "")
    console.print(Text(f"{what}; yellow below 0.5, red below 0.1", style="dim"))
    _print_columns(console, _entries(answer, pieces))


def _pieces(run: RecordedRun, ids: Sequence[int]) -> list[str]:
    """The text of each token; empty where the run has no checkpoint or the package tokenizers is missing."""
    try:
        from tokenizers import Tokenizer
    except ImportError:
        return []
    files = [run.path / "checkpoints" / f"step-{step:06d}" / "tokenizer.json" for step in reversed(run.checkpoints)]
    file: Path | None = next((file for file in files if file.is_file()), None)
    if file is None:
        return []
    tokenizer = Tokenizer.from_file(str(file))
    return [tokenizer.decode([number], skip_special_tokens=False) for number in ids]


def _entries(answer: Answer, pieces: Sequence[str]) -> list[Text]:
    """A cell for each token: number, id, log-probability, and text where it is known."""
    entries = []
    ids = max(len(str(number)) for number in answer.token_ids)
    places = len(str(len(answer.token_ids) - 1))
    for at, number in enumerate(answer.token_ids):
        logprob = answer.logprobs[at] if at < len(answer.logprobs) else None
        style = ""
        if logprob is not None:
            style = next((colour for limit, colour in UNLIKELY if math.exp(logprob) < limit), "")
        text = Text.assemble((f"{at:>{places}} ", "dim"), f"{number:>{ids}} ")
        text.append("     -" if logprob is None else f"{logprob:6.2f}", style=style)
        if pieces:
            shown = visible(pieces[at]).replace("\n", "\\n").replace("\t", "\\t")
            text.append(f" {shown}", style="cyan")
        entries.append(text)
    return entries


def _print_columns(console: Console, entries: Sequence[Text]) -> None:
    """Print the entries in columns, in reading order from top to bottom."""
    width = max(entry.cell_len for entry in entries) + 3
    columns = max(1, min(6, console.width // width))
    height = -(-len(entries) // columns)
    for row in range(height):
        line = Text()
        for entry in entries[row::height]:
            line.append_text(entry)
            line.append(" " * (width - entry.cell_len))
        line.rstrip()
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
