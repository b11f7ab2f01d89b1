"""Stored programs and tests of real models, and the problems they are for.

| coder | programs of a problem |
|---|---|
| `codegen-16b` | HumanEval+: 16 samples of CodeGen-16B, those of `stdio-he-mbpp`, else the first 16 of CodeT |
| `several-models` | HumanEval+ and MBPP+: one each of gpt-3.5-turbo, gpt-4, codellama, starcoder |
| `gpt-4-turbo`, `chatgpt` | APPS: one or more of each of five ways to prompt the model |
| `humans` | Kattis: submissions in the problem packages, right and wrong ones |
| `qwen2.5-coder-0.5b`, ... | the problems of `benchmarks/real_prompts`: stored answers, current prompts first |

| tester | tests of a problem |
|---|---|
| `codegen-16b` | HumanEval+: those of `stdio-he-mbpp`, filled up with further assertions of CodeT's 100 samples |
| `qwen2.5-coder-0.5b`, ... | the problems of `benchmarks/real_prompts`: stored answers, current prompts first |
| `none` | no tests: for MBPP+, APPS and Kattis with the programs that come with these sets |

At most SAMPLES programs and tests of a problem are taken, the first ones. Samples of a model are drawn independently,
so that the first ones are an unbiased choice. Programs of `stdio-he-mbpp` that were chosen because they are wrong
(`utgendebug-faulty`) are left out.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.real_prompts.store import stored
from benchmarks.tables.codegen import assertions_of, program_of
from cure.extract import Extracted, extractor
from cure.problem import Problem, UnitTest
from cure.problem.row import problem_from_row

SAMPLES = 16
NONE = "none"

CODEGEN = "codegen-16b"
SEVERAL = "several-models"
_SEVERAL = ("gpt-3.5-turbo-0613", "gpt-4-1106-preview", "codellama", "starcoder")
_CURRENT_FORMS = {"coder": ("chat", "first"), "tester": ("chat", "turns-small")}
"""Forms of stored prompts that equal the prompts that the project uses now, by role."""

Item = TypeVar("Item")
Read = dict[str, dict[str, list[Extracted[Item]]]]
"""What was read from each sample, by author and problem."""
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Problems, and what models wrote for them."""

    problems: Mapping[str, Problem]
    """By name."""
    programs: Mapping[str, Mapping[str, Sequence[Extracted[str]]]]
    """By coder and problem: a program for each sample."""
    tests: Mapping[str, Mapping[str, Sequence[Extracted[UnitTest]]]]
    """By tester and problem: a test for each sample."""

    def pairs(self) -> list[tuple[str, str]]:
        """Coder and tester of each file of tables: all that have problems in common. A coder that is also a tester
        is not paired with `none`.
        """
        pairs = ((coder, tester) for coder in self.programs for tester in self.tests if self.common(coder, tester))
        return [(coder, tester) for coder, tester in pairs if tester != NONE or coder not in self.tests]

    def common(self, coder: str, tester: str) -> list[str]:
        """Names of the problems that have programs of the coder and tests of the tester, in the order of the sets."""
        programs, tests = self.programs[coder], self.tests[tester]
        return [name for name in self.problems if name in programs and name in tests]


def is_withheld(problem: str) -> bool:
    """Whether the texts of a problem's tests and programs are not published, since their licences may not allow it."""
    return set_of(problem) in ("APPS", "Kattis")


def set_of(problem: str) -> str:
    """The set that a problem belongs to, by the problem's name."""
    head = problem.partition("/")[0]
    return {"HumanEval": "HumanEval+", "Mbpp": "MBPP+"}.get(head, "APPS" if problem.startswith("apps:") else "Kattis")


def gather(data: Path, answers: Sequence[Path]) -> Sources:
    """Everything in the folder of data sets `data` and in the files of stored answers."""
    humaneval = _rows(data / "stdio-he-mbpp/humaneval_plus_stdio.json.gz")
    mbpp = _rows(data / "stdio-he-mbpp/mbpp_plus_stdio.json.gz")
    apps, kattis = _rows(data / "apps/apps_stdio.json.gz"), _rows(data / "kattis/kattis_discrimination.json.gz")
    problems = {row["task_id"]: _problem(row) for row in (*humaneval, *mbpp, *apps, *kattis)}
    programs: Read[str] = {CODEGEN: {}, SEVERAL: {}, "gpt-4-turbo": {}, "chatgpt": {}, "humans": {}}
    tests: Read[UnitTest] = {CODEGEN: {}, NONE: {row["task_id"]: [] for row in (*mbpp, *apps, *kattis)}}
    codes, generations = _codet(data / "codet")
    for row in humaneval:
        _put(programs[CODEGEN], row, _codegen_programs(row, codes.get(row["task_id"])))
        _put(tests[CODEGEN], row, _codegen_tests(row, generations.get(row["task_id"], ())))
    for row in (*humaneval, *mbpp):
        _put(programs[SEVERAL], row, (it["code"] for name in _SEVERAL for it in _submitted(row, name)))
    for row in apps:
        _put(programs["gpt-4-turbo"], row, (it["code"] for it in _submitted(row, "GPT4-Turbo")))
        _put(programs["chatgpt"], row, (it["code"] for it in _submitted(row, "ChatGPT")))
    for row in kattis:
        _put(programs["humans"], row, (it["code"] for it in row["submissions"]))
    for answer in _in_order(answers):
        kept: Read[Any] = programs if answer["role"] == "coder" else tests
        found = kept.setdefault(answer["model"], {}).setdefault(answer["problem"], [])
        if len(found) < SAMPLES:
            read = extractor()
            found.append(read.program(answer["text"]) if answer["role"] == "coder" else read.test(answer["text"]))
    return Sources(problems=problems, programs=programs, tests=tests)


def _problem(row: Row) -> Problem:
    """The problem, with its first program labelled right as its reference solution where the set has none."""
    labels = ("accepted_here", "is_solved")
    right = (item["code"] for item in row.get("submissions", ()) if any(item.get(label) for label in labels))
    reference = row.get("reference_solution") or next(right, "")
    return problem_from_row(
        {**row, "name": row["task_id"], "reference_solution": reference}, row["task_id"], row["task_id"]
    )


def _put(found: dict[str, list[Extracted[Item]]], row: Row, items: Iterable[Item]) -> None:
    if kept := [Extracted(item) for item in islice(items, SAMPLES)]:
        found[row["task_id"]] = kept


def _submitted(row: Row, model: str) -> list[Row]:
    """The programs of the models whose names begin with `model`."""
    return [item for item in row.get("submissions", ()) if item["model"].startswith(model)]


def _codegen_programs(row: Row, completions: Row | None) -> Iterator[str]:
    if stored_here := _submitted(row, "codegen-16B"):
        yield from (item["code"] for item in stored_here)
    elif completions is not None:
        for sample in completions["samples"]:
            yield program_of(completions["prompt"], sample, row["stdio_main"])


def _codegen_tests(row: Row, samples: Sequence[str]) -> Iterator[UnitTest]:
    """The tests that come with the row, then the others: the first assertion of each sample, the second of each, ..."""
    given = zip(row.get("generated_case_input", ()), row.get("generated_case_output", ()), strict=True)
    first = [UnitTest(stdin, expected) for stdin, expected in given]
    yield from first
    left = Counter(first)
    found = [assertions_of(sample, row["entry_point"], row["arg_kinds"]) for sample in samples]
    for turn in range(max(map(len, found), default=0)):
        for tests in found:
            if turn < len(tests):
                left[tests[turn]] -= 1
                if left[tests[turn]] < 0:
                    yield tests[turn]


def _codet(folder: Path) -> tuple[dict[str, Row], dict[str, list[str]]]:
    """Completions and test generations of CodeGen-16B, by problem."""
    samples = "HumanEval_codegen16B_temp0.8_topp0.95_num100_max300"
    asked = {row["prompt"]: row["task_id"] for row in _lines(folder / "HumanEval_for_code_generation.jsonl.gz")}
    tested = {row["prompt"]: row["task_id"] for row in _lines(folder / "HumanEval_for_test_case_generation.jsonl.gz")}
    codes = {asked[row["prompt"]]: row for row in _lines(folder / f"{samples}_code_solution.jsonl.gz")}
    tests = {tested[row["prompt"]]: row["samples"] for row in _lines(folder / f"{samples}_test_case.jsonl.gz")}
    return codes, tests


def _in_order(files: Sequence[Path]) -> list[Row]:
    """The stored answers of all files: those to the current prompts first, then by form and number.

    A sample that is stored under two forms with equal prompts occurs once, at the place of the later form.
    """
    found = [answer for file in files for answer in stored(file)]
    found.sort(key=lambda it: (it["form"] not in _CURRENT_FORMS[it["role"]], it["form"], it["index"]))
    return list({_sample(answer): answer for answer in reversed(found)}.values())[::-1]


def _sample(answer: Row) -> tuple[Any, ...]:
    """A key that differs between samples, and is equal for one sample that is stored under two current forms."""
    form = "current" if answer["form"] in _CURRENT_FORMS[answer["role"]] else answer["form"]
    return (form, *(answer[name] for name in ("model", "role", "problem", "seed", "text")))


def _rows(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows: list[Row] = json.load(file)
    return rows


def _lines(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
