"""The statements that the bundled model knows are told from all others."""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path

import pytest

from cure.problem.file import load_problems
from cure.prompts.micro_family import WORDS, is_of_micro_family
from trainer.micro.operations import ENDS, OPERATIONS
from trainer.micro.problems import problem

DATA = Path(__file__).parents[3] / "shared" / "data"
SETS = (
    "kattis/kattis_cure.json.gz",
    "apps/apps_stdio.json.gz",
    "stdio-he-mbpp/humaneval_plus_stdio.json.gz",
    "stdio-he-mbpp/mbpp_plus_stdio.json.gz",
)


def test_every_word_of_the_family_is_known_and_no_other() -> None:
    phrases = [phrase for kind in (*OPERATIONS.values(), *ENDS.values()) for phrase in kind.phrases]
    layouts = """Given one line of numbers, Read the numbers of one line, For the numbers on one line, then print.
    Read one line of numbers. The input is one line of numbers. Find and print after these steps on one line of numbers:
    A line holds numbers. There is a line of numbers. First. Next. Finally. If no number is left, print 0."""
    text = " ".join([*phrases, layouts]).replace("{k}", "").lower()
    assert set(re.findall("[a-z]+", text)) == WORDS


def test_held_out_problems_are_of_the_family() -> None:
    drawn = random.Random(5).sample(range(5000), 40)
    assert all(is_of_micro_family(problem(9, "heldout", index).question) for index in drawn)
    examples = Path(__file__).parents[2] / "examples"
    files = [examples / "micro-heldout.json", examples / "even.txt"]
    assert all(is_of_micro_family(each.question) for file in files for each in load_problems(str(file)))


@pytest.mark.parametrize(
    "text", ["", "12\n", "Print the sum of two integers.", "输出数字之和", "Read a string and print it."]
)
def test_other_statements_are_not(text: str) -> None:
    assert not is_of_micro_family(text)


@pytest.mark.parametrize("name", SETS)
def test_no_real_statement_is_taken_for_one_of_the_family(name: str) -> None:
    if not (DATA / name).exists():
        pytest.skip(f"{DATA / name} is not here")
    rows = json.loads(gzip.decompress((DATA / name).read_bytes()))
    assert len(rows) > 20
    assert [row["task_id"] for row in rows if is_of_micro_family(row["question"])] == []
