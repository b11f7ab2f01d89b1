"""Inputs out of a generator that a model wrote: its program really runs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.inputs.generated import LONGEST, calling, inputs_in

GENERATOR = """
import random

def helper(rng):
    return rng.randint(1, 9)

def generate(seed):
    rng = random.Random(seed)
    return f"{helper(rng)} {seed}"
"""


def printed(source: str, count: int = 4) -> str:
    done = subprocess.run([sys.executable, "-c", calling(source, count)], capture_output=True, text=True, check=False)
    return done.stdout


def test_one_call_yields_an_input_for_each_seed_and_the_same_ones_again() -> None:
    found = inputs_in(printed(GENERATOR), ())
    assert len(found) == 4 and [text.split()[1] for text in found] == ["0", "1", "2", "3"]
    assert found == inputs_in(printed(GENERATOR), ())


@pytest.mark.parametrize(
    "source",
    [
        "import random\ndef generate():\n    return str(random.randint(0, 10**9))",
        "import random\ndef generate_input(seed):\n    return str(random.randint(0, 10**9))",
        "def generate(seed):\n    print('noise')\n    return [str(seed), 'x']",
        "def generate(seed):\n    if seed == 0:\n        raise ValueError\n    return str(seed)\nprint(generate(1))",
        "n = input\ndef generate(seed):\n    return str(seed)\nimport sys\nsys.exit(0)",
    ],
    ids=["no seed", "another name", "lines", "an error and output", "ends the program"],
)
def test_generators_of_other_forms_are_called_all_the_same(source: str) -> None:
    found = inputs_in(printed(source), ())
    assert len(found) >= 3 and all(text.endswith("\n") and "noise" not in text for text in found)


@pytest.mark.parametrize("source", ["", "x = 1", "def generate(seed):\n    return None", "def generate(:"])
def test_what_generates_nothing_gives_no_inputs(source: str) -> None:
    assert inputs_in(printed(source), ()) == []


def test_known_equal_empty_and_long_inputs_are_left_out_and_a_cut_line_too() -> None:
    lines = '"1 2"\n"1  2\\n"\n"3"\n""\n"' + "9" * (LONGEST + 1) + '"\n"4'
    assert inputs_in(lines, ["3\n"]) == ["1 2\n"]


@given(st.text(), st.lists(st.text(), max_size=3))
def test_whatever_is_printed_the_inputs_are_new_and_different(text: str, known: list[str]) -> None:
    found = inputs_in(text, known)
    assert len(set(found)) == len(found) and not {each.split() == old.split() for each in found for old in known} & {
        True
    }
