"""`evaluator` exports its public names, and imports a module only when one of the module's names is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import evaluator


@pytest.mark.parametrize("name", evaluator.__all__)
def test_every_name_is_there(name: str) -> None:
    assert callable(getattr(evaluator, name))


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        _ = evaluator.evaluat


def test_importing_the_room_and_its_commands_loads_nothing_heavy() -> None:
    modules = "sys, evaluator, evaluator.commands, evaluator.commands.datasets"
    probe = f"import {modules}\nprint('numpy' in sys.modules, 'rich' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
