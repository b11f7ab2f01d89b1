"""The stored execution tables of real models (`benchmarks/tables`): their form, and their labels."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.tables.build import build, hash_of, published
from benchmarks.tables.sources import Sources
from benchmarks.tables.stored import DATA, fold, load, models_of, read
from cure.errors import ProblemError
from cure.extract import Extracted
from cure.problem import Problem, UnitTest
from cure.select import rank_by_agreement
from evaluator.run.tables import EvaluatedTable
from evaluator.stored.score_cases import score_cases
from sandbox import Verdict, open_sandbox
from tests.evaluator.runs import problems_file, run, script, settings_of
from tests.evaluator.test_report import a_table

LONG = "```python\na, b = map(int, input().split())\nprint(a + b)\nprint('x' * 30)\n```"


def written(path: Path, tables: Sequence[EvaluatedTable]) -> Path:
    """The path, after writing these tables there as gzip-compressed JSON lines."""
    path.write_bytes(gzip.compress("".join(json.dumps(table.to_record()) + "\n" for table in tables).encode()))
    return path


def test_what_a_selector_reads_is_apart_from_the_truth(tmp_path: Path) -> None:
    file = written(tmp_path / "a.1+b.jsonl.gz", [a_table(texts={"#0123abcd": "a long output"}), a_table(1)])
    first, second = load(file)
    assert (first.problem, first.coder, first.tester, second.problem) == ("sum-0", "a.1", "b", "sum-1")
    assert [*first.table.candidates] == ["c0", "c1"] and [*first.table.tests] == ["e0", "t0", "t1"]
    assert [test.origin for test in first.table.tests.values()] == ["public", "generated", "generated"]
    assert (first.right, first.valid) == ({"c0": True, "c1": False}, {"t0": True, "t1": False})
    assert (first.programs_not_extracted, first.tests_not_extracted) == (1, 1)
    crashed, shown = first.table.cells["c1", "t0"], second.table.cells["c1", "t0"]
    assert (crashed.verdict, crashed.stdout, shown.stdout) == (Verdict.CRASH, "a long output", "#0123abcd")
    assert first.table.passes("c0", "e0") and rank_by_agreement(first.table).best == "c0"
    assert [*first.inputs.tests] == ["i0"] and not first.inputs.tests["i0"].judges
    assert first.inputs.cells["c0", "i0"].stdout == "3" and not first.inputs.passes("c0", "i0")
    assert [*first.with_inputs().tests] == ["e0", "t0", "t1", "i0"] and len(first.with_inputs().cells) == 8


def test_a_part_has_the_rows_and_generated_tests_asked_for(tmp_path: Path) -> None:
    (whole,) = load(written(tmp_path / "a+b.jsonl.gz", [a_table()]))
    part = whole.part(["c1"], ["t1"])
    assert [*part.table.tests] == ["e0", "t1"] and [*part.table.cells] == [("c1", "e0"), ("c1", "t1")]
    assert (part.right, part.valid, [*part.inputs.cells]) == ({"c1": False}, {"t1": False}, [("c1", "i0")])


def test_executions_on_which_the_sandbox_failed_are_left_out(tmp_path: Path) -> None:
    lost = a_table(cells=("SPPP", "WPPS", ""), reference="PPPS")
    (table,) = load(written(tmp_path / "a+b.jsonl.gz", [lost]))
    assert (table.right, table.valid, [*table.table.tests]) == ({"c1": False}, {"t0": True}, ["e0", "t0"])
    assert table.evaluated == lost


def test_a_problem_is_in_one_fold_whatever_the_models() -> None:
    names = [f"HumanEval/{number}" for number in range(164)]
    sizes = [sum(fold(name) == part for name in names) for part in range(5)]
    assert sum(sizes) == 164 and min(sizes) > 20
    assert models_of(Path("x/qwen2.5-coder-0.5b+codegen-16b.jsonl.gz")) == ("qwen2.5-coder-0.5b", "codegen-16b")


@pytest.mark.bubblewrap
def test_tables_of_an_evaluation_that_keeps_outputs_are_read_as_they_are(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    model = script(tmp_path / "model.json", [LONG, LONG.replace("a + b", "a - b")])
    settings = settings_of(file, model, 2, keep_outputs=20)
    directory = run(settings, tmp_path / "out")
    stored = written(tmp_path / "a+b.jsonl.gz", [EvaluatedTable.from_record(json.loads(directory.tables.read_text()))])
    (table,) = load(stored)
    first, second = (table.inputs.cells[name, "i0"].stdout for name in ("c0", "c1"))
    assert first.startswith(f"11\n{'x' * 17}... #") and second.startswith(f"-1\n{'x' * 17}... #") and first != second
    of_run, of_file = (score_cases(str(path), "standard")[0]["standard"] for path in (directory.path, stored))
    assert of_run["values"] == of_file["values"] and of_run["best_of_n"] == of_file["best_of_n"]
    assert settings.identity() != settings.model_copy(update={"keep_outputs": 0}).identity()


def test_a_file_without_tables_is_refused_by_name_and_line(tmp_path: Path) -> None:
    torn = written(tmp_path / "torn.jsonl.gz", [a_table()])
    torn.write_bytes(torn.read_bytes()[:-20])
    other = tmp_path / "other.jsonl"
    other.write_text(json.dumps(a_table().to_record()) + '\n{"problem": 1}\n')
    for path, reason in (
        (torn, "cannot be read"),
        (tmp_path / "none.jsonl", "cannot be read \\(No such file"),
        (other, "line 2 holds no table of an evaluation"),
    ):
        with pytest.raises(ProblemError, match=f"{path.name}.*{reason}"):
            score_cases(str(path))


@pytest.mark.bubblewrap
def test_a_table_of_the_project_executed_again_is_the_same(tmp_path: Path) -> None:
    """The problem has no reference solution here, since stored tables hold none."""
    stored = next(read(DATA / "codegen-16b+codegen-16b.jsonl.gz"))
    tests = {suite: [it for it in stored.columns if it.suite == suite] for suite in ("public", "hidden", "generated")}
    examples, hidden, generated = ([UnitTest(it.stdin, it.expected) for it in found] for found in tests.values())
    problem = Problem("…", tuple(examples), hidden=tuple(hidden), name=stored.name)
    sources = Sources(
        problems={stored.name: problem},
        programs={"a": {stored.name: [Extracted(program) for program in stored.programs]}},
        tests={"b": {stored.name: [Extracted(test) for test in generated]}},
    )

    async def again() -> list[EvaluatedTable]:
        sandbox = await open_sandbox("bubblewrap")
        try:
            return await build(sources, ("a", "b"), tmp_path / "work.jsonl", sandbox)
        finally:
            await sandbox.close()

    (table,) = asyncio.run(again())
    assert published(table) == replace(stored, reference=None)


def test_the_truth_of_the_tables_of_the_project_is_that_of_their_sources(shared_data: Path) -> None:
    """Programs and tests are right where the source says so, except that a number may be written in another way."""
    sets = ("humaneval_plus", "mbpp_plus")
    rows = {
        row["task_id"]: row for name in sets for row in unzipped(shared_data / f"stdio-he-mbpp/{name}_stdio.json.gz")
    }
    checked, different = Counter[str](), set()
    for file in ("codegen-16b+codegen-16b", "several-models+codegen-16b"):
        for table in load(file):
            row = rows[table.problem]
            labels = {item["code"]: "0" not in item["passed"] for item in row.get("submissions", ())}
            for name, candidate in table.table.candidates.items():
                if candidate.text in labels:
                    checked["programs"] += 1
                    different |= {table.problem} if labels[candidate.text] != table.right[name] else set()
            for index, truth in enumerate(row.get("generated_case_reference", ())):
                checked["tests"] += 1
                different |= {table.problem} if (truth == "1") != table.valid[f"t{index}"] else set()
    # In the tables 022 equals 22 in HumanEval/44, which asks for text, and 6.0 equals 6 in HumanEval/71.
    assert different == {"HumanEval/44", "HumanEval/71"}
    assert checked["programs"] > 1_300 and checked["tests"] > 1_000


@pytest.mark.parametrize(
    ("files", "source", "label", "others"),
    [
        (("gpt-4-turbo+none", "chatgpt+none"), "apps/apps_stdio", "is_solved", set()),
        # Kattis' labels were made with a longer time limit, and by comparing texts.
        (("humans+none",), "kattis/kattis_discrimination", "accepted_here", {"upplega", "manresor"}),
    ],
)
def test_programs_known_by_their_digests_are_right_where_the_source_says_so(
    shared_data: Path, files: Sequence[str], source: str, label: str, others: set[str]
) -> None:
    labels = {
        (row["task_id"], hash_of(item["code"])): item[label]
        for row in unzipped(shared_data / f"{source}.json.gz")
        for item in row["submissions"]
    }
    found = {
        (it.problem, it.table.candidates[name].text): it.right[name]
        for file in files
        for it in load(file)
        for name in it.right
    }
    assert (
        found
        and {name.split("/")[-1] for (name, text), right in found.items() if labels[name, text] != right} == others
    )


def unzipped(path: Path) -> list[dict[str, Any]]:
    """The rows of a gzip-compressed JSON file."""
    rows: list[dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes()))
    return rows
