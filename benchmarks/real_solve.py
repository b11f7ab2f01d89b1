"""Solves real problems with a real model as a user would, and runs every program on the hidden tests afterwards.

    python -m benchmarks.real_solve solve --model gguf:FILE --out RUNS/gguf
    python -m benchmarks.real_solve solve --model http://localhost:8001/v1#NAME --at-once 10 --out RUNS/vllm
    python -m benchmarks.real_solve table RUNS/gguf RUNS/vllm

`solve` writes each statement to a Markdown file with what the page of an online judge shows, and calls
`cure-agent solve FILE --model SPEC -n 4 -m 4 --rounds 1 --max-tokens 800`. Beside the statement it leaves the program,
what the command printed, and its outcome with the hidden tests passed. Called again it solves what has no outcome yet,
with `cure-agent resume` where a run was begun, and runs the hidden tests that could not be run.
`table` prints the outcomes.

The problems are five of HumanEval+ in stdin/stdout form, every 31st row of the file from the first on, and five of
Kattis, those with the shortest statements among the packages of contests; the packages that test the program BAPCtools
itself are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cure.problem import Problem
from cure.problem.row import problem_from_row
from cure.table import Candidate, ProgramExecutor, ProgramTable, fill, judging_of
from sandbox import open_sandbox

OPTIONS = ("-n", "4", "-m", "4", "--rounds", "1", "--max-tokens", "800")
_TOOLS_OWN = "BAPCtools"


@dataclass(frozen=True)
class Work:
    """The files of one problem."""

    folder: Path
    problem: Problem

    def file(self, ending: str) -> Path:
        """The problem's file with this ending."""
        return self.folder / f"{_slug(self.problem.name)}{ending}"


def real_problems(data: Path) -> list[Problem]:
    """The ten problems, in a fixed order."""
    plus = _rows(data / "stdio-he-mbpp/humaneval_plus_stdio.json.gz")[::31][:5]
    kattis = [row for row in _rows(data / "kattis/kattis_cure.json.gz") if _TOOLS_OWN not in row["task_id"]]
    shortest = sorted(kattis, key=lambda row: len(row["question"]))[:5]
    return [problem_from_row(row, row["task_id"], row["task_id"]) for row in (*plus, *shortest)]


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(json.load(file))


def _slug(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name.rpartition(":")[2]).strip("-")


async def solve(works: list[Work], model: str, at_once: int, more: list[str]) -> None:
    """Solve the problems that have no outcome yet, `at_once` of them side by side, and run their hidden tests."""
    slots = asyncio.Semaphore(at_once)

    async def one(work: Work) -> None:
        async with slots:
            if not work.file(".json").exists():
                await _solve(work, model, more)
            await _judge(work)
            print(_line(work), flush=True)

    await asyncio.gather(*map(one, works))


async def _solve(work: Work, model: str, more: list[str]) -> None:
    """Solve one problem with the command and write the outcome."""
    statement, program = work.file(".md"), work.file(".py")
    statement.write_text(work.problem.question, encoding="utf-8")
    program.unlink(missing_ok=True)
    state = {**os.environ, "CURE_AGENT_STATE": str(work.file(".state"))}
    begun = any(work.file(".state").glob("runs/*/events.jsonl"))
    asking = ["resume"] if begun else ["solve", str(statement), "--model", model, *OPTIONS, *more]
    command = ["cure-agent", *asking, "--out", str(program)]
    with work.file(".txt").open("wb") as printed:
        process = await asyncio.create_subprocess_exec(*command, stdout=printed, stderr=printed, env=state)
        code = await process.wait()
    # A model or sandbox that failed, or an interruption, is no outcome: the next call tries again.
    if code not in (0, 1, 3, 4):
        return
    why = await asyncio.create_subprocess_exec(
        "cure-agent", "why", "--json", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env=state
    )
    outcome = json.loads((await why.communicate())[0])
    kept = {name: outcome[name] for name in ("status", "confidence", "tokens", "seconds", "notes", "explanation")}
    _write(work, {"problem": work.problem.name, "exit_code": code, **kept, "command": " ".join(command)})


async def _judge(work: Work) -> None:
    """Run the program on the hidden tests, if that is still to do, and add how many it passes to the outcome."""
    if not work.file(".json").exists() or not work.file(".py").exists():
        return
    record = json.loads(work.file(".json").read_text(encoding="utf-8"))
    if record.get("passed") is not None:
        return
    tests = {str(number): test for number, test in enumerate(work.problem.hidden)}
    program = Candidate(work.file(".py").read_text(encoding="utf-8"))
    sandbox = await open_sandbox("auto")
    try:
        table = await fill(ProgramExecutor(sandbox, judging_of(work.problem)), ProgramTable({"answer": program}, tests))
    finally:
        await sandbox.close()
    # An execution on which the sandbox failed is not a wrong answer.
    if all(table.known("answer", name) for name in tests):
        _write(work, {**record, "passed": sum(table.passes("answer", name) for name in tests), "hidden": len(tests)})


def _write(work: Work, record: dict[str, Any]) -> None:
    work.file(".json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _line(work: Work) -> str:
    """The outcome as a row of a Markdown table."""
    if not work.file(".json").exists():
        return f"| {work.problem.name} | no outcome: {work.file('.txt')} says why | | | | |"
    record = json.loads(work.file(".json").read_text(encoding="utf-8"))
    has_program = work.file(".py").exists()
    judged = f"{record['passed']} of {record['hidden']}" if record.get("passed") is not None else "not run"
    cells = (
        _slug(record["problem"]) if ":" in record["problem"] else record["problem"],
        f"{record['exit_code']}, {record['status'].replace('_', ' ')}",
        f"{record['confidence']:.2f}" if has_program else "–",
        judged if has_program else "–",
        f"{record['tokens']:,}",
        f"{record['seconds']:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    solving = commands.add_parser("solve", help="solve what is not solved yet; options after -- go to cure-agent")
    solving.add_argument("--model", required=True, help="model spec of both roles")
    solving.add_argument("--at-once", type=int, default=1, help="problems solved side by side")
    solving.add_argument("--limit", type=int, metavar="N", help="only the first N problems")
    solving.add_argument("--out", type=Path, required=True)
    solving.add_argument("more", nargs="*", help="further options of cure-agent solve")
    showing = commands.add_parser("table", help="the outcomes as Markdown tables")
    showing.add_argument("runs", nargs="+", type=Path)
    for command in (solving, showing):
        command.add_argument("--data", type=Path, default=Path("../shared/data"))
    given = parser.parse_args()
    problems = real_problems(given.data)
    if given.command == "solve":
        given.out.mkdir(parents=True, exist_ok=True)
        works = [Work(given.out, problem) for problem in problems[: given.limit]]
        asyncio.run(solve(works, given.model, given.at_once, given.more))
        return 0
    for run in given.runs:
        print(f"\n{run.name}\n\n| problem | exit code | P(right) | hidden tests passed | tokens | seconds |")
        print("|---" * 6 + "|")
        print("\n".join(_line(Work(run, problem)) for problem in problems if Work(run, problem).file(".json").exists()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
