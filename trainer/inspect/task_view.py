"""One task of a step on a terminal: statement, execution table, and every program and test with its reward.

A label is a test that decides whether a program is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from cure.plain import visible
from cure.problem import UnitTest
from trainer.inspect.recorded import RecordedRun, RecordedStep, RecordedTask, ranges, statement_of
from trainer.inspect.step_view import LEFT_OUT, ROLES, state_of, summary_of
from trainer.inspect.summary import number_column, plain_table, text_column, value
from trainer.rollout.answers import RoleName, TaskTable
from trainer.update.credit import Group

UNICODE, ASCII = ("●", "·"), ("#", ".")
"""Signs for passed and failed. Their shapes differ, so that colour is never the only difference."""


def to_record(run: RecordedRun, step: RecordedStep, task: RecordedTask) -> dict[str, Any]:
    """The task as a JSON object."""
    statement, why_not = statement_of(run, task)
    table = task.table
    return {
        "run": str(run.path),
        "step": step.number,
        "slot": task.slot,
        "index": task.index,
        "name": task.name,
        "statement": statement,
        "no_statement_because": why_not or None,
        "programs": [
            {**_earned(task, "coder", number), "program": program}
            for number, program in enumerate(() if table is None else table.programs)
        ],
        "tests": [
            {**_earned(task, "tester", number), **_test(test)}
            for number, test in enumerate(() if table is None else table.tests)
        ],
        "labels": [] if table is None else [_test(test) for test in table.labels],
        "label_passes": None if table is None else table.label_passes.astype(int).tolist(),
        "test_passes": None if table is None else table.test_passes.astype(int).tolist(),
        "test_columns": None if table is None else table.read,
        "groups": {role: group.outcome for role, group in task.groups.items()},
        "notes": {} if table is None else table.notes,
    }


def _test(test: UnitTest | None) -> dict[str, Any]:
    return {"stdin": None, "expected": None} if test is None else {"stdin": test.stdin, "expected": test.expected}


def _earned(task: RecordedTask, role: RoleName, number: int) -> dict[str, Any]:
    answer, earned = task.of(role)[number], task.earned(role, number)
    return {
        "answer": f"{role}/{number}",
        "finish": answer.finish,
        "tokens": len(answer.token_ids),
        "right": earned.right,
        "reward": earned.reward,
        "advantage": earned.advantage,
    }


def show_task(console: Console, run: RecordedRun, step: RecordedStep, task: RecordedTask) -> None:
    """Print the task."""
    ascii_only = not console.encoding.lower().startswith("utf")
    name = visible(task.name or f"problem {task.index}")
    console.print(Text.assemble((f"Step {step.number}, task {task.slot}: {name}", "bold"), f" (problem {task.index})"))
    console.print()
    statement, why_not = statement_of(run, task)
    if statement is None:
        console.print(Text(f"No statement: {visible(why_not)}.", style="yellow"))
    else:
        console.print(Text(visible(statement.strip())))
    console.print()
    if task.answers is None:
        words = f"left out: {LEFT_OUT}" if "answers" in step.parts else state_of(step)
        console.print(Text(f"No answers: {words}.", style="yellow"))
        return
    if task.table is None:
        console.print(Text(f"{sum(map(len, task.answers.answers.values()))} answers, {state_of(step)}.", "yellow"))
        return
    for role in ROLES:
        if (group := task.groups.get(role)) is not None:
            console.print(_group(task, role, group))
    console.print()
    roomy = 50 + 2 * (len(task.table.labels) + len(task.table.read)) <= console.width
    console.print(grid(task, task.table, ascii_only=ascii_only, gap=" " if roomy else ""))
    passed, failed = ASCII if ascii_only else UNICODE
    unknown = ", ? the sandbox failed" if any(task.table.unknown) else ""
    label = "every label (a test that decides whether a program is right)"
    meaning = f"a program is right if it passes {label}, a test if every right program passes it"
    console.print(Text(f"{passed} passed, {failed} failed{unknown}; {meaning}", style="dim"))
    _show_programs(console, task, task.table)
    _show_tests(console, task, task.table)


def _group(task: RecordedTask, role: RoleName, group: Group) -> Text:
    numbers = summary_of(task, role)
    words = "nothing"
    if numbers.mean is not None:
        words = f"mean {value(numbers.mean)}, {value(numbers.low)} to {value(numbers.high)}"
    style = "green" if group.outcome == "trained" else "yellow"
    truncated = f", {numbers.truncated} truncated" if numbers.truncated else ""
    return Text.assemble((f"{role:<7}", "dim"), (group.outcome, style), f": reward {words}{truncated}")


def grid(task: RecordedTask, table: TaskTable, *, ascii_only: bool = False, gap: str = " ") -> Table:
    """The execution table: a row for each program, best first; a column for each label, then for each generated test.

    Below each generated test are its number and whether it is right: whether every right program passes it.
    """
    glyphs = ASCII if ascii_only else UNICODE
    verdicts = ("labels" if table.labels else "", "generated tests" if table.read else "")
    view = plain_table(
        *map(text_column, ("program", "right")),
        *map(number_column, ("reward", "advantage")),
        *map(text_column, verdicts),
    )
    for number in _order(task, table):
        earned = task.earned("coder", number)
        cells = (_cells(table.label_passes[number], glyphs, gap), _cells(table.test_passes[number], glyphs, gap))
        if table.programs[number] is None:
            cells = (Text("no program", style="yellow"), Text(""))
        elif table.unknown[number]:
            cells = (Text(f"?{gap}" * len(table.labels), style="dim"), Text(f"?{gap}" * len(table.read), style="dim"))
        view.add_row(
            Text(f"coder/{number}", style="bold" if earned.right else ""),
            "" if earned.right is None else Text(*(("yes", "green") if earned.right else ("no", "red"))),
            value(earned.reward),
            _advantage(earned.advantage),
            *cells,
        )
    for at, row in enumerate(_numbers(table.read, gap)):
        view.add_row(Text("tester/" if at == 0 else "", style="dim"), "", "", "", "", Text(row, style="dim"))
    right = [task.earned("tester", number).right for number in table.read]
    if table.read and None not in right:
        view.add_row(Text("right", style="dim"), "", "", "", "", _cells(right, glyphs, gap))
    return view


def _order(task: RecordedTask, table: TaskTable) -> list[int]:
    """Programs' numbers in the order of rows: right ones first, then by labels and tests passed; missing ones last."""
    return sorted(
        range(len(table.programs)),
        key=lambda number: (
            table.programs[number] is None,
            not task.earned("coder", number).right,
            -int(table.label_passes[number].sum()),
            -int(table.test_passes[number].sum()),
            number,
        ),
    )


def _cells(row: Any, glyphs: tuple[str, str], gap: str) -> Text:
    text = Text()
    for passed in row:
        text.append((glyphs[0] if passed else glyphs[1]) + gap, style="green" if passed else "red")
    return text


def _numbers(columns: Sequence[int], gap: str) -> list[str]:
    """The columns' numbers written from top to bottom, a line for each digit."""
    digits = len(str(max(columns))) if columns else 0
    return ["".join(f"{str(number).rjust(digits)[at]}{gap}" for number in columns) for at in range(digits)]


def _advantage(number: float | None) -> str:
    return "-" if number is None else f"{number:+.3f}"


def _show_programs(console: Console, task: RecordedTask, table: TaskTable) -> None:
    """Print each distinct program with all answers that contain it."""
    same: dict[str | None, list[int]] = {}
    for number in _order(task, table):
        same.setdefault(table.programs[number], []).append(number)
    for program, numbers in same.items():
        console.print()
        if program is None:
            console.print(_heading(task, "coder", numbers, "program not extracted"))
            continue
        passed = int(table.label_passes[numbers[0]].sum())
        console.print(_heading(task, "coder", numbers, f"passes {passed} of {len(table.labels)} labels"))
        console.print(Syntax(visible(program.strip("\n")), "python", theme="ansi_dark", background_color="default"))


def _show_tests(console: Console, task: RecordedTask, table: TaskTable) -> None:
    """Print each label, then each distinct generated test with all answers that contain it."""
    for number, label in enumerate(table.labels):
        console.print()
        passed = int(table.label_passes[:, number].sum())
        console.print(Text.assemble((f"label {number}", "bold"), f": {_passing(passed, table)}"))
        _show_case(console, label.stdin, label.expected)
    column = {number: at for at, number in enumerate(table.read)}
    same: dict[UnitTest | None, list[int]] = {}
    for number, test in enumerate(table.tests):
        same.setdefault(test, []).append(number)
    for test, numbers in sorted(same.items(), key=lambda item: (item[0] is None, item[1][0])):
        console.print()
        if test is None:
            console.print(_heading(task, "tester", numbers, "test not extracted"))
            continue
        at = column[numbers[0]]
        known = ""
        if table.reference is not None:
            known = f", the reference solution {'passes' if table.reference[at] else 'fails'}"
        words = _passing(int(table.test_passes[:, at].sum()), table)
        console.print(_heading(task, "tester", numbers, f"{words}{known}"))
        _show_case(console, test.stdin, test.expected)


def _passing(count: int, table: TaskTable) -> str:
    return f"{count} of {len(table.programs)} programs {'passes' if count == 1 else 'pass'}"


def _heading(task: RecordedTask, role: RoleName, numbers: Sequence[int], words: str) -> Text:
    """Names of the answers, whether they are right, rewards and advantages; equal values are written once."""
    text = Text.assemble((f"{role}/{ranges(sorted(numbers))}", "bold"), f": {words}")
    for earned in dict.fromkeys(task.earned(role, number) for number in numbers):
        if earned.right is not None:
            text.append(", ").append(*(("right", "green") if earned.right else ("wrong", "red")))
        if earned.reward is not None:
            advantage = "not trained on" if earned.advantage is None else f"advantage {earned.advantage:+.3f}"
            text.append(f", reward {value(earned.reward)}, {advantage}")
    return text


def _show_case(console: Console, stdin: str, expected: str) -> None:
    for name, content in (("input", stdin), ("expected", expected)):
        lines = visible(content).removesuffix("\n").split("\n") if content else ["(nothing)"]
        first, *rest = lines
        console.print(Text.assemble((f"  {name:<9}", "dim"), first))
        for line in rest:
            console.print(Text(" " * 11 + line))
