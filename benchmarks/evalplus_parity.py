"""Compares verdicts on functions: those of a converted set run here, and those of EvalPlus' own execution.

    python -m venv ep && ep/bin/pip install evalplus==0.3.1
    python benchmarks/evalplus_parity.py ../shared/data --evalplus ep/bin/python --work parity

Programs are the stored ones of stdio-he-mbpp (each is a function and code that reads its arguments from standard
input; that code is removed) and, with --codet N, N samples of CodeGen-16B, from number 16 on, for each problem of
HumanEval. Equal programs count once. A program is right if it passes all tests: base and plus for EvalPlus; here hidden
tests, public tests, and tests that only functions can run. EvalPlus runs under bubblewrap, since it does not isolate
programs. The folder --work keeps converted sets, and every verdict as soon as it is known: a run that was ended
continues where it was, and only what has changed since runs again. --redo judges programs with different verdicts once
more on both sides, since time limits make verdicts on both sides vary.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from cure.interrupt import run_interruptible
from cure.problem import Problem, UnitTest
from cure.problem.file import load_problems
from cure.session import closing
from cure.table import judging_of
from evaluator.datasets.execution import EmptyTable, ProgressBars, filled
from evaluator.datasets.functional.convert import convert
from evaluator.datasets.functional.program import function_program
from evaluator.run.own_samples import with_function_tests
from sandbox import Sandbox, open_sandbox

SETS = {"humaneval": "HumanEvalPlus.jsonl.gz", "mbpp": "MbppPlus.jsonl.gz"}
CODET = "HumanEval_codegen16B_temp0.8_topp0.95_num100_max300_code_solution.jsonl.gz"
BATCH = 16
"""Problems converted at a time."""
CHUNKS = (4, 32, 256)
"""Numbers of tests run before the results are checked; a program that has failed one of them is not run further."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--evalplus", required=True, help="a Python that has evalplus")
    parser.add_argument("--work", type=Path, default=Path("parity"))
    parser.add_argument("--codet", type=int, default=8)
    parser.add_argument("--tests", type=int, default=sys.maxsize, help="leave out problems with more tests")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take only every N-th program")
    parser.add_argument("--redo", action="store_true", help="judge again where the stored verdicts differ")
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    print("| set | problems | tests | programs | right for EvalPlus | equal verdicts | |")
    print("|---|---|---|---|---|---|---|")
    different: list[str] = []
    for name in SETS:
        problems, samples = _prepare(name, options)
        theirs = _theirs(name, problems, samples, options)
        ours = run_interruptible(_ours(name, problems, samples, options))
        if options.redo:
            redone = [it for it in samples if it["key"] in ours and theirs[it["key"]] != (not ours[it["key"]])]
            theirs |= _theirs(name, problems, redone, options, again=True)
            ours |= run_interruptible(_ours(name, problems, redone, options, again=True))
        known = [it for it in samples if it["key"] in ours]
        tasks = {it["task_id"] for it in known}
        rows = [row for row in _read(problems) if row["task_id"] in tasks]
        tests = sum(len(row["base_input"]) + len(row["plus_input"]) for row in rows)
        unequal = [it for it in known if theirs[it["key"]] == bool(ours[it["key"]])]
        equal = len(known) - len(unequal)
        print(
            f"| {name} | {len(tasks)} | {tests:,} | {len(known)} | {sum(theirs[it['key']] for it in known)} | {equal} "
            f"| {equal / len(known):.2%} |"
        )
        different += [
            f"{it['task_id']} ({it['model']}, {it['key']}): "
            f"{'right' if theirs[it['key']] else 'wrong'} for EvalPlus, here {ours[it['key']] or 'right'}"
            for it in unequal
        ]
    print("\n".join(["", *different]))


def _prepare(name: str, options: argparse.Namespace) -> tuple[Path, list[dict[str, Any]]]:
    """A file of the set's problems, and the samples, each with a key of its own."""
    problems = options.work / f"{name}.jsonl"
    with gzip.open(options.data / "evalplus" / SETS[name], "rt", encoding="utf-8") as file:
        text = file.read()
    if not problems.is_file():
        problems.write_text(text, encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    small = [row for row in rows if len(row["base_input"]) + len(row["plus_input"]) <= options.tests]
    tasks = {row["entry_point"]: row["task_id"] for row in small}
    programs = [*_stored(name, options.data)]
    if name == "humaneval":
        programs += _codegen(tasks, options)
    samples = {(it["task_id"], it["solution"]): it for it in reversed(programs) if it["task_id"] in tasks.values()}
    chosen = sorted(samples.values(), key=lambda it: (it["task_id"], it["solution"]))[:: options.every]
    for it in chosen:
        it["key"] = _digest(it["task_id"], it["solution"])
    return problems, chosen


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:16]


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


def _known(file: Path) -> dict[str, Any]:
    """The verdicts in a file by key; the last one where a key has several."""
    return {key: verdict for key, *verdict in _read(file)}


def _theirs(
    name: str, problems: Path, samples: Sequence[Any], options: argparse.Namespace, again: bool = False
) -> dict[str, bool]:
    """Whether EvalPlus calls each sample right, by key."""
    file = options.work / f"{name}-evalplus.jsonl"
    missing = [it for it in samples if again or it["key"] not in _known(file)]
    if missing:
        asked = options.work / f"{name}-asked.jsonl"
        _write(asked, missing)
        script = Path(__file__).with_name("evalplus_verdicts.py")
        jail = [
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
        command = [options.evalplus, script, name, problems, asked, options.processes]
        with file.open("a", encoding="utf-8") as verdicts:
            subprocess.run(["bwrap", *jail, *map(str, command)], stdout=verdicts, check=True)
    known = _known(file)
    return {it["key"]: known[it["key"]] == ["pass", "pass"] for it in samples}


async def _ours(
    name: str, source: Path, samples: Sequence[Any], options: argparse.Namespace, again: bool = False
) -> dict[str, str]:
    """By key of each sample: the first test that it fails, and how; empty if it is right. Samples of problems that
    could not be converted are left out.
    """
    file = options.work / f"{name}-ours.jsonl"
    async with closing(await open_sandbox(options.sandbox)) as sandbox:
        problems = await _converted(name, source, {it["task_id"] for it in samples}, options.work, sandbox)
        known, gate = _known(file), asyncio.Semaphore(8)

        async def judged(sample: Any) -> tuple[str, str]:
            problem = problems[sample["task_id"]]
            function = problem.extra["function"]
            program = function_program(sample["solution"], function["main"])
            problem = with_function_tests(problem)
            state = _digest(
                program, problem.comparison or "", repr([(it.stdin, it.expected) for it in _tests(problem)])
            )
            found = known.get(sample["key"], ["", ""])
            if again or found[0] != state:
                async with gate:
                    found = [state, await _first_failure(sandbox, problem, program)]
                _write(file, [[sample["key"], *found]], "a")
            return sample["key"], str(found[1])

        return dict(await asyncio.gather(*(judged(it) for it in samples if it["task_id"] in problems)))


async def _converted(
    name: str, source: Path, tasks: Collection[str], work: Path, sandbox: Sandbox
) -> dict[str, Problem]:
    """The converted problems among `tasks` by name; those that cannot be converted are left out."""
    stored, part = work / f"{name}-converted.jsonl", work / f"{name}-part.jsonl"
    done = {row["name"] for row in _read(stored)}
    rows = [row for row in _read(source) if row["task_id"] in tasks and row["task_id"] not in done]
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        _write(part, batch)
        found = {row["name"]: row for row in (await convert(part, sandbox, bars=ProgressBars())).rows}
        _write(stored, [found.get(row["task_id"], {"name": row["task_id"]}) for row in batch], "a")
    _write(part, [row for row in _read(stored) if row["name"] in tasks and "question" in row])
    return {it.name: it for it in load_problems(str(part))}


def _read(file: Path) -> list[Any]:
    """The lines of JSON in a file; none if there is no file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.is_file() else []


def _write(file: Path, rows: Sequence[Any], mode: str = "w") -> None:
    with file.open(mode, encoding="utf-8") as opened:
        opened.writelines(json.dumps(row) + "\n" for row in rows)


def _tests(problem: Problem) -> tuple[UnitTest, ...]:
    return (*problem.examples, *problem.hidden)


async def _first_failure(sandbox: Sandbox, problem: Problem, program: str) -> str:
    """The first test that the program fails, and how; empty if it passes all."""
    tests = _tests(problem)
    judging = judging_of(problem, give_up_after=1)
    ends = [*(end for end in CHUNKS if end < len(tests)), len(tests)]
    for first, last in zip([0, *ends], ends, strict=False):
        part = {str(at): tests[at] for at in range(first, last)}
        table = await filled(sandbox, EmptyTable({"program": program}, part, judging))
        for name, test in part.items():
            cell = table.cells.get(("program", name))
            if cell is not None and not cell.passed:
                output = f"{cell.verdict}: {cell.reason or cell.stdout[:80]!r}"
                return f"test {name} {test.stdin[:80]!r}: {output}, expected {test.expected[:80]!r}"
    return ""


if __name__ == "__main__":
    main()
