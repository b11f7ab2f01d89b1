"""One step on a terminal: a line for each task with the rewards of both roles."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from rich.console import Console
from rich.text import Text

from cure.plain import visible
from trainer.inspect.recorded import RecordedRun, RecordedStep, RecordedTask
from trainer.inspect.summary import number_column, plain_table, text_column, value
from trainer.rollout.answers import RoleName

ROLES: tuple[RoleName, ...] = ("coder", "tester")
LEFT_OUT = "prompt too long"


@dataclass(frozen=True, kw_only=True)
class RoleSummary:
    """One role's answers to one task in a few numbers."""

    answers: int
    read: int | None
    """Answers that contain a program (coder) or a test (tester); None before the task has its table."""
    right: int | None
    """Right answers; None where their correctness is not known."""
    truncated: int
    outcome: str | None
    """Whether the group is trained on, or why not (`trainer.update.credit.Outcome`); None before rewards are given."""
    mean: float | None
    """Mean reward; None before rewards are given, or where no answer got one."""
    low: float | None
    """Lowest reward."""
    high: float | None
    """Highest reward."""


def summary_of(task: RecordedTask, role: RoleName) -> RoleSummary:
    """The numbers of a role's answers to the task."""
    group, table = task.groups.get(role), task.table
    rewards = [] if group is None else [reward for reward in group.rewards if reward is not None]
    read = None
    if table is not None:
        read = sum(found is not None for found in (table.programs if role == "coder" else table.tests))
    return RoleSummary(
        answers=len(task.of(role)),
        read=read,
        right=sum(group.right) if group is not None and group.right else None,
        truncated=sum(answer.truncated for answer in task.of(role)),
        outcome=None if group is None else group.outcome,
        mean=fmean(rewards) if rewards else None,
        low=min(rewards, default=None),
        high=max(rewards, default=None),
    )


def state_of(step: RecordedStep) -> str:
    """The step's state in words: committed, or what is under way."""
    if step.committed:
        return "committed"
    waiting = {"plan": "sampling", "answers": "running programs", "tables": "giving rewards", "rewards": "updating"}
    last = [part for part in step.parts if part in waiting]
    if "update" in step.parts:
        return "under way: updating"
    return f"under way: {waiting[last[-1]]}" if last else "under way: nothing recorded yet"


def to_record(run: RecordedRun, step: RecordedStep) -> dict[str, Any]:
    """The step as a JSON object."""
    return {
        "run": str(run.path),
        "step": step.number,
        "committed": step.committed,
        "state": state_of(step),
        "parts": list(step.parts),
        "too_long": step.too_long,
        "tasks": [
            {
                "slot": task.slot,
                "index": task.index,
                "name": task.name,
                "left_out": _left_out(step, task),
                "labels": None if task.table is None else len(task.table.labels),
                "executions": None if task.table is None else task.table.executions,
                **{role: asdict(summary_of(task, role)) for role in ROLES},
            }
            for task in step.tasks
        ],
        "updates": list(step.updates),
    }


def _left_out(step: RecordedStep, task: RecordedTask) -> bool:
    return "answers" in step.parts and task.answers is None


def show_step(console: Console, run: RecordedRun, step: RecordedStep) -> None:
    """Print the step."""
    console.print(
        Text.assemble((f"Step {step.number}", "bold"), f" of {visible(str(run.path))}, {state_of(step)}: ")
        + Text(f"{len(step.tasks)} task{'' if len(step.tasks) == 1 else 's'}")
    )
    view = plain_table(
        number_column("task"),
        text_column("problem", overflow="ellipsis", max_width=28),
        number_column("labels"),
        *(
            column
            for name in ("programs right", "tests right")
            for column in (
                number_column(name),
                number_column("reward"),
                text_column("range", style="dim"),
                text_column("group"),
            )
        ),
    )
    for task in step.tasks:
        called = Text(visible(task.name or f"problem {task.index}"))
        if _left_out(step, task):
            view.add_row(str(task.slot), called, "", "", "", "", Text(LEFT_OUT, style="yellow"))
            continue
        cells: list[str | Text] = []
        for role in ROLES:
            cells += _cells(summary_of(task, role))
        view.add_row(str(task.slot), called, "" if task.table is None else str(len(task.table.labels)), *cells)
    console.print(view)
    for update in step.updates:
        console.print(_update(update))


def _cells(role: RoleSummary) -> list[str | Text]:
    right = "-" if role.right is None else str(role.right)
    missing = "" if role.read is None or role.read == role.answers else f" ({role.answers - role.read} not extracted)"
    spread = "" if role.low is None else f"{value(role.low)} to {value(role.high)}"
    outcome = role.outcome or ""
    style = "green" if outcome == "trained" else "dim" if outcome == "equal rewards" else "yellow"
    return [f"{right}/{role.answers}{missing}" if role.answers else "", value(role.mean), spread, Text(outcome, style)]


def _update(update: dict[str, Any]) -> Text:
    text = Text(f"update on {update['stage']}: ", style="dim")
    done = update.get("updates", [])
    if not done:
        return text + Text("nothing to train on", style="yellow")
    for measured in done:
        skipped = measured.get("skipped")
        words = f"skipped, {skipped}" if skipped else f"{measured['tokens']:,} tokens"
        text.append(f"{words}, loss {measured['loss']:.2g}, gradient norm {measured['gradient_norm']:.3f}  ", style="")
    return text
