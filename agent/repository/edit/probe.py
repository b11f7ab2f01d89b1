"""Finds out by three small edits which form of edits a model masters, and remembers the answer for each model."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.repository.edit.probe_tasks import PATH, TASKS, ProbeTask
from agent.repository.edit.read import read_edits
from agent.repository.edit.result import FORMATS, Edits, Format

if TYPE_CHECKING:
    from engines import Completion, Engine, Request
    from sandbox import Sandbox

_TEMPERATURE = 0.7
_MAX_TOKENS = 700
_FILE = "edit_forms.json"


@dataclass(frozen=True)
class FormatShare:
    """What became of the answers in one form."""

    format: Format
    answers: int
    applicable: int
    right: int | None
    """Edits that pass the checks of their task; None where no sandbox could run them."""


@dataclass(frozen=True)
class ProbeResult:
    """The shares of a model in every form."""

    model: str
    shares: tuple[FormatShare, ...]

    @property
    def best(self) -> Format:
        """The form to ask for: most right edits, then most applicable ones, then the order of `FORMATS`."""
        ranked = sorted(self.shares, key=lambda each: (each.right or 0, each.applicable), reverse=True)
        return ranked[0].format if ranked else FORMATS[0]

    @property
    def words(self) -> str:
        """The shares and the choice in one line."""
        return f"{'; '.join(map(_said, self.shares))}; asks for: {self.best}"


async def probe(engine: Engine, sandbox: Sandbox | None, samples: int = 2) -> ProbeResult:
    """The shares of applicable and right edits of a model: each of the three tasks, `samples` times, in each form.

    The model's code runs in the sandbox only. Samples that could not be had are not counted; raises EngineError where
    the engine does.
    """
    applied: dict[Format, list[tuple[ProbeTask, Edits | None]]] = {form: [] for form in FORMATS}
    async with aclosing(engine.complete(_requests(samples))) as completions:
        async for done in completions:
            if done.finish != "error":
                form, task = _asked(done)
                applied[form].append((task, _edits(done, form, task)))
    shares = [await _share(form, answers, sandbox) for form, answers in applied.items()]
    return ProbeResult(engine.model, tuple(shares))


def remembered(model: str, folder: Path) -> ProbeResult | None:
    """The earlier result of a model, by its spec; None where there is none, or one for other tasks."""
    row = _stored(folder).get(model)
    if not isinstance(row, dict) or row.get("tasks") != _digest():
        return None
    try:
        return ProbeResult(model, tuple(FormatShare(**each) for each in row["shares"]))
    except (KeyError, TypeError):
        return None


def remember(result: ProbeResult, folder: Path) -> None:
    """Keep a result in the folder of the tool's state, in place of the model's earlier one. Raises OSError where it
    cannot be written.
    """
    from engines import write_atomically

    folder.mkdir(parents=True, exist_ok=True)
    rows = _stored(folder) | {result.model: {"tasks": _digest(), "shares": [asdict(each) for each in result.shares]}}
    write_atomically(folder / _FILE, json.dumps(rows, indent=1) + "\n")


def _stored(folder: Path) -> dict[str, Any]:
    try:
        rows = json.loads((folder / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return rows if isinstance(rows, dict) else {}


def _digest() -> str:
    """Names the tasks, so that results for other tasks do not count."""
    return hashlib.sha256(repr(TASKS).encode()).hexdigest()[:16]


def _requests(samples: int) -> list[Request]:
    from agent.repository.prompts import ShownCode, edit_prompt
    from engines import Request, Sampling

    sampling = Sampling(temperature=_TEMPERATURE, max_tokens=_MAX_TOKENS)
    found = []
    for form in FORMATS:
        for task in TASKS:
            place = task.place(whole=form == "whole")
            lines = task.source.splitlines(keepends=True)[place.first - 1 : place.last]
            prompt = edit_prompt(task.words, "", [ShownCode(place, "".join(lines))], format=form)
            found.append(Request(f"edit/{form}/{task.name}", prompt, samples, sampling))
    return found


def _asked(done: Completion) -> tuple[Format, ProbeTask]:
    """The form and the task of a completion, by its key."""
    _, form, name = done.key.split("/")
    return next(each for each in FORMATS if each == form), next(each for each in TASKS if each.name == name)


def _edits(done: Completion, form: Format, task: ProbeTask) -> Edits | None:
    cut = done.finish == "length"
    found = read_edits(done.text, task, [task.place(whole=form == "whole")], format=form, cut=cut)
    return found if isinstance(found, Edits) else None


async def _share(
    form: Format, answers: Sequence[tuple[ProbeTask, Edits | None]], sandbox: Sandbox | None
) -> FormatShare:
    applicable = [(task, edits) for task, edits in answers if edits is not None]
    right = None if sandbox is None else await _right(applicable, sandbox)
    return FormatShare(form, len(answers), len(applicable), right)


async def _right(applicable: Sequence[tuple[ProbeTask, Edits]], sandbox: Sandbox) -> int:
    """Number of edits whose module passes the checks of its task."""
    from cure.table import Judging, run_pairs
    from sandbox import Limits, Verdict

    programs = Counter(_program(task, edits) for task, edits in applicable)
    judging = Judging(name="probe", equal=None, limits=Limits(cpu_s=5), strict=True)
    right = 0
    async with aclosing(run_pairs(sandbox, dict.fromkeys(programs, ("",)), judging)) as executions:
        async for (program, _), execution in executions:
            right += programs[program] * (execution.verdict is Verdict.OK)
    return right


def _program(task: ProbeTask, edits: Edits) -> str:
    """The changed module with the checks of its task at the end."""
    return f"{(edits.changed.get(PATH) or b'').decode()}\n\n{task.checks}"


def _said(share: FormatShare) -> str:
    right = "" if share.right is None else f", {share.right} right"
    return f"{share.format}: {share.applicable} of {share.answers} applicable{right}"
