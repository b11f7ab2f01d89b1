"""Stored programs and tests of real models become tables, made once; texts without a free licence are not published."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tables.build import build, file_of, write
from benchmarks.tables.codegen import assertions_of, program_of
from benchmarks.tables.sources import Sources, gather, is_withheld, set_of
from benchmarks.tables.stored import load
from benchmarks.tables.summary import summaries
from cure.extract import Extracted
from cure.problem import Problem, UnitTest
from sandbox import Sandbox, open_sandbox

ADD = "a = int(input())\nb = int(input())\nprint(a {} b)\n"
EXAMPLE = UnitTest("1\n2\n", "3\n", "public")
HIDDEN = (UnitTest("2\n2\n", "4\n", "hidden"), UnitTest("5\n0\n", "5\n", "hidden"))
PAIR = ("a", "b")


def sums(name: str, *programs: str) -> Sources:
    """One problem with programs of `a` and tests of `b`; the second test is wrong, the third could not be read."""
    problem = Problem("Add.", (EXAMPLE,), hidden=HIDDEN, name=name, reference=ADD.format("+"))
    tests = [Extracted(UnitTest("3\n1\n", "4\n")), Extracted(UnitTest("3\n3\n", "9\n")), Extracted(None, "no_test")]
    read = [Extracted(program) for program in programs]
    return Sources(problems={name: problem}, programs={"a": {name: read}}, tests={"b": {name: tests}})


@asynccontextmanager
async def bubblewrap() -> AsyncIterator[Sandbox]:
    """An open sandbox of bubblewrap."""
    sandbox = await open_sandbox("bubblewrap")
    try:
        yield sandbox
    finally:
        await sandbox.close()


async def built(sources: Sources, folder: Path, sandbox: Sandbox) -> bytes:
    """The bytes of the published file that holds the tables of these sources."""
    write(await build(sources, PAIR, folder / "work.jsonl", sandbox), file_of(PAIR, folder))
    return file_of(PAIR, folder).read_bytes()


@pytest.mark.bubblewrap
async def test_tables_are_made_once_and_made_anew_when_the_answers_change(tmp_path: Path) -> None:
    sources = sums("HumanEval/1000", ADD.format("+"), ADD.format("*"))
    async with bubblewrap() as sandbox:
        first = await built(sources, tmp_path, sandbox)
        work = (tmp_path / "work.jsonl").read_bytes()
        assert await built(sources, tmp_path, sandbox) == first
        assert (tmp_path / "work.jsonl").read_bytes() == work
        (table,) = load(file_of(PAIR, tmp_path))
        shown = summaries([file_of(PAIR, tmp_path)])
        await built(sums("HumanEval/1000", ADD.format("-")), tmp_path, sandbox)
        assert load(file_of(PAIR, tmp_path))[0].right == {"c0": False}
    assert table.right == {"c0": True, "c1": False} and table.valid == {"t0": True, "t1": False}
    assert table.table.candidates["c1"].text == ADD.format("*") and table.tests_not_extracted == 1
    # The wrong program passes the wrong test, and on the second hidden input it prints something else.
    assert table.table.passes("c1", "t1") and table.inputs.cells["c1", "i1"].stdout == "0"
    assert "| a + b | 1 | 2 | 0 | 0.500 | 3 | 1 | 0.500 | 2.0 | 2.0 |" in shown
    assert shown.splitlines()[-1].startswith("| a + b | 1 | 0.500 | 0.500 | 1.000 (0.21–1.00) |")


@pytest.mark.bubblewrap
async def test_texts_that_are_not_free_are_published_as_digests(tmp_path: Path) -> None:
    long = ADD.format("+") + "print('x' * 50)\n"
    async with bubblewrap() as sandbox:
        content = await built(sums("apps:1", ADD.format("+"), long, ADD.format("+")), tmp_path, sandbox)
    (table,) = load(file_of(PAIR, tmp_path))
    assert b"input()" not in gzip.decompress(content)
    texts = [candidate.text for candidate in table.table.candidates.values()]
    assert texts[0] == texts[2] != texts[1] and all(text.startswith("#") for text in texts)
    assert table.right == {"c0": True, "c1": False, "c2": True} and table.evaluated.texts == {}
    assert table.inputs.cells["c0", "i0"].stdout == "4" and table.inputs.cells["c1", "i0"].stdout.startswith("#")


@pytest.mark.bubblewrap
async def test_a_program_is_given_up_on_hidden_tests_alone(tmp_path: Path) -> None:
    slow = "a = int(input())\nb = int(input())\nwhile a == 3 or a == 2: pass\nprint(a + b)\n"
    sources = sums("HumanEval/1000", slow)
    problem = replace(sources.problems["HumanEval/1000"], time_limit_s=0.1)
    async with bubblewrap() as sandbox:
        await built(replace(sources, problems={problem.name: problem}), tmp_path, sandbox)
    (table,) = load(file_of(PAIR, tmp_path))
    assert (table.evaluated.cells, table.evaluated.outputs) == (("TNPTT",), (("", "", "3", "", ""),))
    assert table.right == {"c0": False} and not table.inputs.known("c0", "i1")


def test_sets_are_known_by_the_names_of_problems() -> None:
    names = ["HumanEval/3", "Mbpp/7", "apps:12", "Kodsport/hiq-challenge-2017/problems/x"]
    assert [set_of(name) for name in names] == ["HumanEval+", "MBPP+", "APPS", "Kattis"]
    assert [is_withheld(name) for name in names] == [False, False, True, True]


def test_a_completion_ends_where_its_function_ends() -> None:
    completion = "    return a + b\n\n\nassert add(1, 2) == 3\n"
    assert program_of("def add(a, b):\n", completion, "MAIN\n") == "def add(a, b):\n    return a + b\nMAIN\n"


def test_assertions_become_tests_of_standard_input_and_output() -> None:
    sample = """ pick([1, 2], 'a b', 1.5) == [1, True], 'message'
assert pick([], '', 2) is None
assert not pick([3], 'x', 0.5)
assert pick([1],
            'two lines', 1) == [[1, 2], [3, 4]]
assert pick(['no int'], 'x', 1) == 1
assert pick(computed, 'x', 1) == 1
assert pick([1], 'x') == 1
assert other([1], 'x', 1) == 1
assert pick([1], 'x', 1) == 2 and more
assert pick([1], 'cut"""
    found = assertions_of(sample, "pick", ["list:int", "str", "num"])
    assert [(test.stdin, test.expected) for test in found] == [
        ("1 2\na b\n1.5\n", "1 True\n"),
        ("\n\n2\n", "None\n"),
        ("3\nx\n0.5\n", "False\n"),
        ("1\ntwo lines\n1\n", "1 2\n3 4\n"),
    ]
    assert assertions_of(" f(['a b'], True) == 1\nassert f(['a'], 2) == 1", "f", ["list:str", "int"]) == [
        UnitTest("a\n2\n", "1\n")
    ]


def test_sources_are_gathered_from_the_sets_and_the_answers(tmp_path: Path) -> None:
    common = {"question": "Add.", "test_time_limit": 1, "test_input": ["1\n2\n"], "test_output": ["3\n"]}
    function = {"entry_point": "add", "arg_kinds": ["int", "int"], "stdio_main": "MAIN\n", "reference_solution": "R"}
    given = {
        "generated_case_input": ["1\n1\n"],
        "generated_case_output": ["2\n"],
        "submissions": [
            {"model": "codegen-16B", "code": "A"},
            {"model": "codellama", "code": "B"},
            {"model": "utgendebug-faulty", "code": "C"},
        ],
    }
    humaneval = [{**common, **function, "task_id": "HumanEval/0", **given}]
    humaneval += [{**common, **function, "task_id": "HumanEval/2"}]
    solved = [{"model": "GPT4-Turbo-CoT", "code": "D", "is_solved": False}]
    solved += [{"model": "ChatGPT-CoT", "code": "E", "is_solved": True}]
    humans = [
        {"name": "x.py", "code": "F", "accepted_here": False},
        {"name": "y.py", "code": "G", "accepted_here": True},
    ]
    zipped(tmp_path / "stdio-he-mbpp/humaneval_plus_stdio.json.gz", [humaneval])
    zipped(tmp_path / "stdio-he-mbpp/mbpp_plus_stdio.json.gz", [[]])
    zipped(tmp_path / "apps/apps_stdio.json.gz", [[{**common, "task_id": "apps:1", "submissions": solved}]])
    zipped(tmp_path / "kattis/kattis_discrimination.json.gz", [[{**common, "task_id": "k", "submissions": humans}]])
    asked = [{"prompt": f"def add(a, b): # {number}\n", "task_id": f"HumanEval/{number}"} for number in (0, 2)]
    sampled = "codet/HumanEval_codegen16B_temp0.8_topp0.95_num100_max300"
    codes = [{"prompt": row["prompt"], "samples": ["    return 1\nx", "    return 2\n"]} for row in asked]
    tests = [" add(1, 1) == 2\nassert add(1, 2) == 3\n", " add(4, 4) == 8\n"]
    zipped(tmp_path / "codet/HumanEval_for_code_generation.jsonl.gz", asked)
    zipped(tmp_path / "codet/HumanEval_for_test_case_generation.jsonl.gz", asked)
    zipped(tmp_path / f"{sampled}_code_solution.jsonl.gz", codes)
    zipped(tmp_path / f"{sampled}_test_case.jsonl.gz", [{"prompt": row["prompt"], "samples": tests} for row in asked])
    answer = {"model": "m", "role": "coder", "problem": "apps:1", "index": 0, "seed": 0}
    answer["text"] = "```python\nprint(1)\n```"
    answered = [
        ("another", {"seed": 7, "text": "print(2)"}),
        ("first", {"seed": 1, "index": 1}),
        ("first", {}),
        ("chat", {}),
    ]
    zipped(tmp_path / "answers.jsonl.gz", [{**answer, "form": form, **more} for form, more in answered])

    sources = gather(tmp_path, [tmp_path / "answers.jsonl.gz"])
    values = {
        who: {name: [it.value for it in found] for name, found in by.items()} for who, by in sources.programs.items()
    }
    second = "def add(a, b): # 2\n    return {}\nMAIN\n"
    assert values == {
        "codegen-16b": {"HumanEval/0": ["A"], "HumanEval/2": [second.format(1), second.format(2)]},
        "several-models": {"HumanEval/0": ["B"]},
        "gpt-4-turbo": {"apps:1": ["D"]},
        "chatgpt": {"apps:1": ["E"]},
        "humans": {"k": ["F", "G"]},
        "m": {"apps:1": ["print(1)", "print(1)", "print(2)"]},
    }
    inputs = [it.value.stdin for it in sources.tests["codegen-16b"]["HumanEval/0"] if it.value]
    assert inputs == ["1\n1\n", "4\n4\n", "1\n2\n"], "those that are given, then first assertions, then second ones"
    references = {name: problem.reference for name, problem in sources.problems.items()}
    assert references == {"HumanEval/0": "R", "HumanEval/2": "R", "apps:1": "E", "k": "G"}
    assert ("m", "none") in sources.pairs() and ("codegen-16b", "none") not in sources.pairs()
    assert sources.common("several-models", "codegen-16b") == ["HumanEval/0"]


def zipped(path: Path, rows: list[Any]) -> None:
    """Write rows as gzip-compressed JSON lines; makes missing folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
