"""The terminal after screens that ended in every way."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.terminals import Terminal


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    made = Terminal(tmp_path)
    yield made
    made.close()


def show_home(terminal: Terminal, *arguments: str, **variables: str) -> None:
    terminal.run("tui", *arguments, **variables)
    terminal.wait_for(lambda: "Problems" in terminal.text and "micro-heldout" in terminal.text)


@pytest.mark.parametrize("how", ["term", "ctrl-c", "q"])
def test_the_terminal_is_in_order_after_every_end(how: str, terminal: Terminal) -> None:
    show_home(terminal)
    assert {"mouse", "focus", "paste", "alternate screen"} <= set(terminal.left())
    assert terminal.process is not None
    if how == "term":
        terminal.process.send_signal(signal.SIGTERM)
    else:
        terminal.press({"ctrl-c": "\x03\x03", "q": "q"}[how])
    code = terminal.wait()
    assert terminal.left() == []
    assert code == (0 if how == "q" else 130)
    assert not list(terminal.state.glob("terminal*"))


def test_the_next_command_puts_a_killed_terminal_in_order(terminal: Terminal) -> None:
    show_home(terminal)
    assert terminal.process is not None
    os.kill(terminal.process.pid, signal.SIGKILL)
    assert terminal.wait() == -signal.SIGKILL
    assert {"mouse", "alternate screen", "raw input"} <= set(terminal.left())
    terminal.run("--version")
    assert terminal.wait() == 0
    assert terminal.left() == [] and "cure-agent, version" in terminal.text
    assert not list(terminal.state.glob("terminal*"))
    already = len(terminal.written)
    terminal.run("--version")
    terminal.wait()
    assert b"\x1b[?1000l" not in terminal.written[already:]


def test_a_storm_of_sizes_leaves_a_whole_screen(terminal: Terminal) -> None:
    terminal.run("tui", "--no-mouse")
    for step in range(20):
        terminal.resize(60 + 7 * step, 20 + 2 * step)
        terminal.read(0.1)
    terminal.resize(60, 20)
    terminal.wait_for(lambda: "Problems" in terminal.text and "Runs" in terminal.text and "Quit" in terminal.text)
    assert "mouse" not in terminal.left()
    terminal.press("q")
    assert terminal.wait() == 0
    assert terminal.left() == []


@pytest.mark.parametrize(
    ("arguments", "variables", "absent"),
    [
        (["--theme", "ansi"], {}, (b"38;2;", b"48;2;", b"38;5;", b"48;5;")),
        (["--ascii"], {}, ("─".encode(), "│".encode(), "·".encode())),
        ([], {"PYTHONIOENCODING": "latin-1"}, ("─".encode(), "│".encode())),
    ],
    ids=["the palette of the terminal", "ascii", "another encoding"],
)
def test_a_terminal_gets_only_what_it_shows(
    arguments: list[str], variables: dict[str, str], absent: tuple[bytes, ...], terminal: Terminal
) -> None:
    show_home(terminal, *arguments, **variables)
    terminal.press("\x0f")
    terminal.read(0.5)
    terminal.press("2")
    terminal.read(0.5)
    terminal.press("q")
    terminal.wait()
    assert [each for each in absent if each in terminal.written] == []


def test_no_color_means_no_colour(terminal: Terminal) -> None:
    show_home(terminal, NO_COLOR="1")
    terminal.press("q")
    terminal.wait()
    styles = re.findall(rb"\x1b\[([0-9;]*)m", terminal.written)
    codes = {int(code) for style in styles for code in style.split(b";") if code}
    assert codes and not codes & {*range(30, 39), *range(40, 49), *range(90, 98), *range(100, 108)}
    assert 4 in codes, "the cursor is seen by other means"


def test_without_a_terminal_the_commands_that_need_none_are_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent", "tui"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 2
    assert done.stderr.startswith("cure-agent: the terminal UI needs a terminal") and done.stderr.count("\n") == 1
