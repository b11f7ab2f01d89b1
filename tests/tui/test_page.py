"""docs/tui.md: its table of keys, and the commands that it shows."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from textual.binding import Binding

from tui.app import CureApp
from tui.screens.home import HomeScreen
from tui.screens.run import RunScreen
from tui.screens.why import WhyScreen

PAGE = Path(__file__).parents[2] / "docs" / "tui.md"
OWNERS = (CureApp, HomeScreen, RunScreen, WhyScreen)


def rows() -> list[str]:
    found = [each for owner in OWNERS for each in owner.BINDINGS if isinstance(each, Binding)]
    return [f"| `{each.id}` | `{each.key}` | {each.tooltip} |" for each in found]


def test_every_command_of_a_screen_has_an_id_of_its_own_and_a_tooltip() -> None:
    found = [each for owner in OWNERS for each in owner.BINDINGS if isinstance(each, Binding)]
    ids = [each.id for each in found]
    assert None not in ids and len(set(ids)) == len(ids)
    assert all(each.tooltip for each in found)


def test_the_page_lists_every_key() -> None:
    table = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if re.match(r"\| `\w+\.", line)]
    assert table == rows(), "write the rows again:\n" + "\n".join(rows())


def test_the_options_of_the_commands_shown_exist() -> None:
    help_ = subprocess.run(
        [sys.executable, "-m", "agent", "tui", "--help"], capture_output=True, text=True, check=True
    ).stdout
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    commands = [shlex.split(line.partition("  #")[0]) for line in block.splitlines()]
    assert all(command[:2] == ["cure-agent", "tui"] for command in commands)
    assert all(word in help_ for command in commands for word in command if word.startswith("--"))


def test_the_first_screen_is_loaded_by_its_command_alone() -> None:
    code = "import sys, tui.command, tui.settings, agent.command; print({'textual', 'rich', 'numpy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    code = "import sys, tui.solving, tui.pausing, tui.sources.worker; print('textual' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    code = "import sys, tui.app; print({'torch', 'langgraph', 'docker', 'openai', 'transformers'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
