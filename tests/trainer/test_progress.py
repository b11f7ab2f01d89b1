"""What a person sees of a run: lines that stay, bars where there is a terminal, and dashes for missing values."""

from __future__ import annotations

import io
from typing import Any

import pytest

pytest.importorskip("torch", reason="the display is told of metrics, which need torch")

from rich.console import Console

from cure.problem import Problem
from trainer.progress.lines import columns, evaluation_line, headings, step_line
from trainer.progress.progress import Progress, part_counter
from trainer.progress.terminal import TerminalProgress
from trainer.rollout.sampling import RolloutEvent
from trainer.rollout.tasks import Task

STEP: dict[str, Any] = {
    "code/accuracy": 0.875,
    "test/p_u": 0.75,
    "best_of_n": 0.9375,
    "test/p_01": 0.25,
    "test/p_00": 0.125,
    "test/mu": -0.5,
    "code/reward": 0.5,
    "test/reward": -12.25,
    "code/groups_trained": 1.0,
    "test/groups_trained": 0.5,
    "code/unparsed": 0.0,
    "test/unparsed": 0.125,
    "code/length": 1234.4,
    "test/length": 9876.6,
    "code/kl": 0.125,
    "test/kl": 0.0625,
    "code/entropy": 0.25,
    "test/entropy": 0.5,
    "code/gradient_norm": 0.75,
    "test/gradient_norm": 12.5,
    "code/tokens": 1000,
    "test/tokens": 500,
    "seconds/sampling": 3.0,
    "seconds/step": 12.34,
}
EVALUATION: dict[str, Any] = {
    "eval/code/accuracy": 0.75,
    "eval/test/accuracy": 0.5,
    "eval/best_of_n": 0.875,
    "eval/test/mu": 0.25,
    "eval/test/p_01": 0.125,
    "eval/test/p_00": 0.0,
    "eval/problems": 64,
}
TASKS = [Task(slot, slot, Problem("?")) for slot in range(2)]


def cells(metrics: dict[str, Any], width: int | None = None) -> dict[str, str]:
    """The cells of the line of step 7, by heading."""
    words = step_line(7, metrics, width).split()
    assert words[0] == "7"
    return dict(zip((column.heading for column in columns(width)), words[1:], strict=True))


def test_a_step_shows_both_roles() -> None:
    shown = cells(STEP)
    assert shown["code"] == "0.88" and shown["tests"] == "0.75" and shown["mu"] == "-0.50"
    assert shown["KL c/t"] == "0.125/0.062" and shown["grad c/t"] == "0.75/12.50" and shown["length c/t"] == "1234/9877"
    assert shown["tok/s"] == "500" and shown["seconds"] == "12.3"


def test_nothing_measured_is_dashes() -> None:
    assert set(cells({"seconds/step": 1.0}).values()) == {"-", "1.0", "-/-"} - {"-/-"}
    nothing = dict.fromkeys(STEP)
    shown = cells(nothing)
    assert set(shown.values()) == {"-", "-/-"}


def test_one_role_without_a_measure_is_a_dash_beside_the_other() -> None:
    frozen = {name: value for name, value in STEP.items() if name not in ("test/kl", "test/entropy")}
    assert cells(frozen)["KL c/t"] == "0.125/-"
    assert cells(STEP | {"test/p_u": None, "best_of_n": None})["tests"] == "-"


def test_joint_stages_are_shown_in_place_of_the_roles() -> None:
    joint = {name: value for name, value in STEP.items() if not name.endswith(("/kl", "/gradient_norm"))}
    assert cells(joint | {"joint/kl": 0.5})["KL c/t"] == "0.500"
    assert cells(joint | {"joint a/kl": 0.5, "joint b/kl": 0.25})["KL c/t"] == "0.500/0.250"


def test_a_step_made_again_has_no_time() -> None:
    again = {name: value for name, value in STEP.items() if not name.startswith("seconds/")}
    assert cells(again)["seconds"] == "again" and cells(again)["tok/s"] == "-"


@pytest.mark.parametrize("width", [60, 80, 100, 120, 140, 160])
def test_lines_fit_their_width_under_their_headings(width: int) -> None:
    line, above = step_line(1234, STEP, width), headings(width)
    assert len(line) == len(above) <= width
    assert {"code", "tests", "best", "mu", "seconds"} <= cells(STEP, width).keys()
    assert len(evaluation_line(100, EVALUATION, EVALUATION, max(width, 100))) <= max(width, 100)


def test_an_evaluation_says_how_far_it_has_come() -> None:
    later = EVALUATION | {"eval/code/accuracy": 0.875, "eval/best_of_n": 0.75}
    assert evaluation_line(20, later, EVALUATION) == (
        "held out after step 20: code 0.875 (+0.125), tests 0.500 (+0.000), best 0.750 (-0.125), "
        "mu 0.250, p_01 0.125, p_00 0.000, 64 problems"
    )


def test_an_evaluation_with_missing_values() -> None:
    nothing = evaluation_line(0, {}, EVALUATION)
    assert nothing == "held out after step 0: code -, tests -, best -, mu -, p_01 -, p_00 -, - problems"
    # Problems without a reference solution: the estimate by right programs stands in.
    unknown = EVALUATION | {"eval/test/accuracy": None, "eval/test/p_u": 0.625}
    assert "tests 0.625" in evaluation_line(0, unknown) and "(" not in evaluation_line(0, unknown)


def play(progress: Any) -> None:
    """Report a step, an evaluation, and a step that does not come to its end."""
    for _ in range(2):
        progress.rolling_out(TASKS, 4)
        progress.event(RolloutEvent("answer", 0, "coder", 100))
        progress.event(RolloutEvent("table", 0))
        progress.phase("update on code", 8)
        progress.part(1, 3)
        progress.running(2)
    progress.step(1, STEP)
    progress.rolling_out(TASKS, 4, "evaluation")
    progress.evaluation(1, EVALUATION)
    progress.rolling_out(TASKS, 4)
    progress.event(RolloutEvent("answer", 0, "coder", 1234))


def test_without_a_terminal_there_are_lines_alone() -> None:
    out = io.StringIO()
    with TerminalProgress(10, 0, Console(file=out, highlight=False)) as progress:
        play(progress)
        progress.step(2, STEP)
    assert out.getvalue().splitlines() == [
        headings(), step_line(1, STEP), evaluation_line(1, EVALUATION), step_line(2, STEP),
    ]  # fmt: skip


def test_forced_colours_do_not_bring_bars_into_a_file() -> None:
    out = io.StringIO()
    with TerminalProgress(10, 0, Console(file=out, force_terminal=True, highlight=False)) as progress:
        play(progress)
    assert "━" not in out.getvalue() and "\x1b[?25l" not in out.getvalue()


def bars(progress: TerminalProgress, width: int) -> list[str]:
    """The lines that the bars show now."""
    out = io.StringIO()
    Console(file=out, width=width).print(progress._bars.get_renderable())
    return [line.rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("width", [100, 140])
def test_bars_of_each_phase(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, highlight=False)
    progress = TerminalProgress(10, 4, console, bars=True)
    assert [line.split()[0] for line in bars(progress, width)] == ["steps"]
    assert "4/10" in bars(progress, width)[0] and bars(progress, width)[0].endswith("step 5")

    progress.rolling_out(TASKS, 4)
    for _ in range(3):
        progress.event(RolloutEvent("answer", 0, "coder", 500))
    progress.event(RolloutEvent("table", 0))
    _, answers, tables = bars(progress, width)
    assert answers.startswith("answers") and "3/8" in answers and answers.endswith("1,500 tokens")
    assert tables.startswith("tables") and "1/2" in tables

    progress.phase("update on tests", 1200)
    assert "1,200 answers" in bars(progress, width)[1]  # nothing is known of its progress yet
    progress.part(2, 7)
    (_, update) = bars(progress, width)
    assert update.startswith("update on tests") and "2/7" in update

    progress.rolling_out(TASKS, 4, "evaluation")
    assert [line[:20].strip() for line in bars(progress, width)[1:]] == ["evaluation: answers", "evaluation: tables"]
    progress.evaluation(4, EVALUATION)
    progress.step(5, STEP)
    assert len(bars(progress, width)) == 1 and "5/10" in bars(progress, width)[0]


def test_a_counter_fills_the_bar_of_its_phase() -> None:
    progress = TerminalProgress(10, 0, Console(file=io.StringIO(), width=100, force_terminal=True), bars=True)
    progress.phase("update on code", 8)
    on_row = part_counter(progress, 3)
    for done in ("1/3", "2/3", "3/3"):
        on_row()
        assert done in bars(progress, 100)[1]


def test_tables_of_known_answers_have_a_bar_of_their_own() -> None:
    progress = TerminalProgress(10, 0, Console(file=io.StringIO(), width=100, force_terminal=True), bars=True)
    progress.running(2)
    progress.event(RolloutEvent("table", 0))
    (_, tables) = bars(progress, 100)
    assert tables.startswith("tables") and "1/2" in tables


def test_headings_come_again() -> None:
    out = io.StringIO()
    progress = TerminalProgress(100, 0, Console(file=out, highlight=False))
    for step in range(1, 42):
        progress.step(step, STEP)
    assert out.getvalue().count("seconds") == 3


def test_silence() -> None:
    play(Progress())
