"""Compares verdicts on functional programs: those of a converted set run here, and those of EvalPlus' own execution.

    python -m venv ep && ep/bin/pip install evalplus==0.3.1
    python benchmarks/evalplus_parity.py ../shared/data --evalplus ep/bin/python --work parity

Programs are the stored ones of stdio-he-mbpp (each is a function followed by code that reads its arguments from
standard input, which is removed) and, with --codet N, samples 16 to 16 + N of CodeGen-16B for each problem of
HumanEval. Left out are equal programs, and problems with more tests than --tests. A program is right if it passes all
tests: base and plus for EvalPlus; here hidden tests, public tests, and tests that only functions can run. EvalPlus
runs in a namespace of its own, since it does not isolate programs. The folder --work keeps samples, verdicts and
converted sets; what is there is not made again.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cure.interrupt import run_interruptible
from cure.problem import Problem
from cure.problem.file import load_problems
from cure.session import closing
from cure.table import judging_of
from evaluator.datasets.execution import EmptyTable, ProgressBars, filled
from evaluator.datasets.functional.convert import convert
from evaluator.run.own_samples import samples_of, with_function_tests
from sandbox import Sandbox, open_sandbox

SETS = {"humaneval": "HumanEvalPlus.jsonl.gz", "mbpp": "MbppPlus.jsonl.gz"}
CODET = "HumanEval_codegen16B_temp0.8_topp0.95_num100_max300_code_solution.jsonl.gz"
CHUNKS = (4, 32, 256)
"""Numbers of tests after which results are looked at; a program that has failed a test by then is not run further."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--evalplus", required=True, help="a Python that has evalplus")
    parser.add_argument("--work", type=Path, default=Path("parity"))
    parser.add_argument("--codet", type=int, default=8)
    parser.add_argument("--tests", type=int, default=400)
    parser.add_argument("--every", type=int, default=1, help="run only each program of so many here")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    print("| set | problems | tests | programs | right for EvalPlus | equal verdicts | |")
    print("|---|---|---|---|---|---|---|")
    different = []
    for name in SETS:
        problems, samples = _prepare(name, options)
        theirs = _verdicts(name, problems, samples, options)
        ours = run_interruptible(_run(name, problems, samples, options))
        known = [at for at in range(len(samples)) if ours[at] is not None]
        equal = sum(ours[at] == theirs[at] for at in known)
        tasks = {samples[at]["task_id"] for at in known}
        rows = [row for row in map(json.loads, problems.read_text().splitlines()) if row["task_id"] in tasks]
        tests = sum(len(row["base_input"]) + len(row["plus_input"]) for row in rows)
        print(
            f"| {name} | {len(tasks)} | {tests:,} | {len(known)} | {sum(theirs[at] for at in known)} | {equal} "
            f"| {equal / len(known):.2%} |"
        )
        different += [
            f"{samples[at]['task_id']} ({samples[at]['model']}, line {at}): "
            f"{'right' if theirs[at] else 'wrong'} for EvalPlus, {'right' if ours[at] else 'wrong'} here"
            for at in known
            if ours[at] != theirs[at]
        ]
    print("\n".join(["", *different]))


def _prepare(name: str, options: argparse.Namespace) -> tuple[Path, list[dict[str, Any]]]:
    """A file of the set's problems that take part, and the samples."""
    with gzip.open(options.data / "evalplus" / SETS[name], "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    small = {row["task_id"]: row for row in rows if len(row["base_input"]) + len(row["plus_input"]) <= options.tests}
    programs = [*_stored(name, options.data)]
    if name == "humaneval":
        programs += _codegen({row["entry_point"]: row["task_id"] for row in rows}, options)
    samples = {(it["task_id"], it["solution"]): it for it in reversed(programs) if it["task_id"] in small}
    used = {it["task_id"] for it in samples.values()}
    problems = options.work / f"{name}.jsonl"
    problems.write_text("".join(json.dumps(row) + "\n" for task, row in small.items() if task in used))
    chosen = sorted(samples.values(), key=lambda it: (it["task_id"], it["solution"]))
    _samples_file(name, options.work).write_text("".join(json.dumps(it) + "\n" for it in chosen))
    return problems, chosen


def _stored(name: str, data: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(data / "stdio-he-mbpp" / f"{name}_plus_stdio.json.gz") as file:
        for row in json.load(file):
            for program in row.get("submissions", ()):
                source = program["code"].rstrip().removesuffix(row["stdio_main"].strip())
                yield {"task_id": row["task_id"], "solution": source, "model": program["model"]}


def _codegen(tasks: dict[str, str], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    with gzip.open(options.data / "codet" / CODET, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            task = tasks.get(re.findall(r"def (\w+)\(", row["prompt"])[-1])
            for sample in row["samples"][16 : 16 + options.codet] if task else ():
                yield {"task_id": task, "solution": row["prompt"] + sample, "model": "codegen-16B"}


def _samples_file(name: str, work: Path) -> Path:
    return work / f"{name}-samples.jsonl"


def _verdicts(name: str, problems: Path, samples: Sequence[Any], options: argparse.Namespace) -> dict[int, bool]:
    """Whether EvalPlus calls each sample right."""
    file = options.work / f"{name}-evalplus.jsonl"
    if not file.is_file():
        script = Path(__file__).with_name("evalplus_verdicts.py")
        own = [
            "--unshare-all",
            "--die-with-parent",
            "--dev-bind",
            "/",
            "/",
            "--proc",
            "/proc",
            "--setenv",
            "HOME",
            "/tmp",
        ]
        command = [options.evalplus, script, name, problems, _samples_file(name, options.work), options.processes]
        done = subprocess.run(
            ["bwrap", *own, *map(str, command)], stdout=subprocess.PIPE, stderr=sys.stderr, text=True, check=True
        )
        file.write_text(done.stdout)
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == len(samples), f"{file}: has {len(rows)} verdicts of {len(samples)}; remove it to have them anew"
    return {number: base == plus == "pass" for number, base, plus in rows}


async def _run(name: str, source: Path, samples: Sequence[Any], options: argparse.Namespace) -> list[bool | None]:
    """Whether each sample passes all tests of the converted set; None for one that is not run."""
    work = options.work
    converted = work / f"{name}.json"
    async with closing(await open_sandbox()) as sandbox:
        if not converted.is_file():
            found = await convert(source, sandbox, bars=ProgressBars())
            converted.write_text(json.dumps(found.rows))
        problems = {it.name: with_function_tests(it) for it in load_problems(str(converted))}
        programs = samples_of(_samples_file(name, work), load_problems(str(converted)))
        gate = asyncio.Semaphore(8)

        async def judged(problem: Problem, program: str) -> bool:
            async with gate:
                passes = await _passes_all(sandbox, problem, program)
            sys.stderr.write(".")
            sys.stderr.flush()
            return passes

        at: dict[str, int] = {}
        jobs: list[Any] = []
        for place, sample in enumerate(samples):
            task = sample["task_id"]
            number = at[task] = at.get(task, -1) + 1
            wanted = task in problems and place % options.every == 0
            jobs.append(judged(problems[task], programs[task][number]) if wanted else _unknown())
        verdicts: list[bool | None] = await asyncio.gather(*jobs)
        return verdicts


async def _unknown() -> None:
    return None


async def _passes_all(sandbox: Sandbox, problem: Problem, program: str) -> bool:
    tests = (*problem.examples, *problem.hidden)
    judging = judging_of(problem, give_up_after=1)
    ends = [*CHUNKS, len(tests)]
    for first, last in zip([0, *ends], ends, strict=False):
        part = {str(at): test for at, test in enumerate(tests[first:last])}
        table = await filled(sandbox, EmptyTable({"program": program}, part, judging)) if part else None
        if table is not None and not all(table.passes("program", name) for name in part):
            return False
    return True


if __name__ == "__main__":
    main()
