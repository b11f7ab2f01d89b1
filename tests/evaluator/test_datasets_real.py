"""HumanEval+ and MBPP+, converted: by default a part of each, in full with CURE_AGENT_ALL_DATASETS=1 (minutes)."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from cure.problem.row import problem_from_row
from cure.table.compare import comparison
from evaluator.datasets.check import CheckReport, check
from evaluator.datasets.execution import ProgressBars
from evaluator.datasets.functional.convert import Conversion, convert, read_functions
from evaluator.datasets.functional.prepare import prepare
from sandbox import Job, Limits, Sandbox, SandboxUnavailable, Verdict, open_sandbox

ALL = bool(os.environ.get("CURE_AGENT_ALL_DATASETS"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800 if ALL else 300)]

HUMANEVAL, MBPP = "HumanEvalPlus.jsonl.gz", "MbppPlus.jsonl.gz"
STRIDE = {HUMANEVAL: 1 if ALL else 9, MBPP: 1 if ALL else 17}
MECHANICAL = {HUMANEVAL: "humaneval_plus_stdio.json.gz", MBPP: "mbpp_plus_stdio.json.gz"}


@dataclass(frozen=True)
class Converted:
    conversion: Conversion
    report: CheckReport
    known: dict[str, dict[str, Any]]
    """By name, the rows of these problems in the files MECHANICAL, which a simpler, mechanical conversion made."""
    agreement: dict[str, list[tuple[str, str, str]]]
    """By problem: input of the mechanical conversion, its expected output, what our program prints for it."""


@pytest.fixture(scope="module", params=[HUMANEVAL, MBPP])
def converted(
    request: pytest.FixtureRequest,
    shared_data: Path,
    require: Callable[[str, str], NoReturn],
    tmp_path_factory: pytest.TempPathFactory,
) -> Converted:
    name = request.param
    lines = gzip.decompress((shared_data / "evalplus" / name).read_bytes()).decode().splitlines()[:: STRIDE[name]]
    source = tmp_path_factory.mktemp("sets") / "part.jsonl"
    source.write_text("\n".join(lines))
    names = {json.loads(line)["task_id"] for line in lines}
    theirs = json.loads(gzip.decompress((shared_data / "stdio-he-mbpp" / MECHANICAL[name]).read_bytes()))
    known = {row["task_id"]: row for row in theirs if row["task_id"] in names}

    async def run() -> Converted:
        try:
            sandbox = await open_sandbox("auto")
        except SandboxUnavailable as error:
            require("bubblewrap", str(error))
        try:
            found = await convert(source, sandbox, most_tests=None if ALL else 24)
            problems = [problem_from_row(row, "", "") for row in found.rows]
            report = await check(problems, sandbox, ProgressBars(quiet=True))
            return Converted(found, report, known, await printed_for_theirs(source, found, known, sandbox))
        finally:
            await sandbox.close()

    return asyncio.run(run())


async def printed_for_theirs(
    source: Path, found: Conversion, known: dict[str, dict[str, Any]], sandbox: Sandbox
) -> dict[str, list[tuple[str, str, str]]]:
    """What our reference programs print for inputs that both the mechanical and our conversion have.

    By problem: input, expected output of the mechanical conversion, printed output. Inputs of our conversion count even
    where the number of tests was limited.
    """
    functions = {item.name: item for item in read_functions(source)[1] if not isinstance(item, dict)}
    jobs, shared = [], {}
    for row in found.rows:
        if theirs := known.get(row["name"]):
            ours = {case.stdin for case in prepare(functions[row["name"]], 10**6).cases}
            tests = zip(theirs["test_input"], theirs["test_output"], strict=True)
            shared[row["name"]] = [(given, expected) for given, expected in tests if given in ours]
            inputs = tuple(given.encode() for given, _ in shared[row["name"]])
            jobs.append(Job(row["name"], row["reference_solution"], inputs, Limits(cpu_s=2, memory_mb=512)))
    result: dict[str, list[tuple[str, str, str]]] = {name: [] for name in shared}
    async for execution in sandbox.run(jobs):
        assert execution.verdict is Verdict.OK, execution
        result[execution.job].append((*shared[execution.job][execution.index], execution.stdout.decode()))
    return result


def test_every_reference_solution_passes(converted: Converted) -> None:
    report = converted.report
    assert report.reference_failures == []
    assert report.references == report.problems == len(converted.conversion.rows)
    assert report.reference_pass_rate == 1.0
    assert report.well
    assert not report.overlapping
    assert not report.duplicated


def test_what_was_converted_mechanically_is_converted(converted: Converted) -> None:
    ours = {row["name"] for row in converted.conversion.rows}
    assert set(converted.known) - ours == set()
    assert len(ours) >= len(converted.known)


def test_every_problem_is_converted_or_listed_with_its_reason(converted: Converted) -> None:
    left_out = [item for item in converted.conversion.dropped if not item.test]
    assert len(converted.conversion.rows) + len(left_out) == converted.conversion.problems
    assert all(item.reason for item in converted.conversion.dropped)


def test_expected_outputs_agree_on_shared_inputs(converted: Converted) -> None:
    rows = {row["name"]: row for row in converted.conversion.rows}
    compared = 0
    unequal = []
    for name, tests in converted.agreement.items():
        equal = comparison(rows[name].get("comparison", "tokens"))
        for given, expected, printed in tests:
            compared += 1
            if not equal(printed, expected) and not in_other_form(rows[name]):
                unequal.append((name, given, expected, printed))
    assert unequal == []
    assert compared > 20 * len(converted.agreement) // 2


def in_other_form(row: dict[str, Any]) -> bool:
    """Whether our output states numbers of items or is a Python literal; the mechanical conversion does neither."""
    output = row["question"].rpartition("\nOutput\nPrint")[2].partition("\n\nExample")[0]
    return "with the number of" in output or "a value of Python" in output


@pytest.mark.skipif(not ALL, reason="the whole sets take minutes; CURE_AGENT_ALL_DATASETS=1 converts them")
def test_more_are_converted_than_mechanically(converted: Converted) -> None:
    assert len(converted.conversion.rows) >= (163 if converted.conversion.problems == 164 else 369)


def test_results_that_are_sets_are_compared_in_any_order(converted: Converted) -> None:
    rows = {row["name"]: row for row in converted.conversion.rows}
    for name in ("Mbpp/2", "Mbpp/579", "Mbpp/769"):
        if name in rows:
            assert rows[name]["comparison"] == "unordered-tokens"


def test_labelled_programs_are_what_their_labels_say(
    shared_data: Path, require: Callable[[str, str], NoReturn]
) -> None:
    rows = json.loads(gzip.decompress((shared_data / "stdio-he-mbpp" / MECHANICAL[HUMANEVAL]).read_bytes()))
    labelled = [row for row in rows if row.get("submissions")][:4]
    problems = [problem_from_row(row, "", row["task_id"]) for row in labelled]

    async def run() -> CheckReport:
        try:
            sandbox = await open_sandbox("auto")
        except SandboxUnavailable as error:
            require("bubblewrap", str(error))
        try:
            return await check(problems, sandbox, ProgressBars(quiet=True))
        finally:
            await sandbox.close()

    report = asyncio.run(run())
    assert report.mismatches == []
    assert report.programs_right > 4
    assert report.programs_wrong > 4
