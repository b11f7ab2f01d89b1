"""Times a whole evaluation of stored, real programs and tests, and an interpreter process for each of its executions.

    python benchmarks/evaluator_speed.py ../shared/data/stdio-he-mbpp/humaneval_plus_stdio.json.gz

Each problem has 16 programs and 16 generated tests of CodeGen-16B and its first 8 hidden tests; problems are repeated
under other names until there are --problems. The time covers all of `cure-agent eval` but the report: prompts,
extraction, executions, scores in both modes. The interpreter's rate is measured on a random sample of the cells (pairs
of a program and a test), those that run out of time included, with as many workers as cores: half of the sample before
the evaluation and half after it, since other work on the machine comes and goes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cure.extract import extractor
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.start import evaluate, read_problems
from evaluator.run.summary import summarise, write_summary

SAMPLES, HIDDEN = 16, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--problems", type=int, default=150)
    parser.add_argument(
        "--sample", type=int, default=1000, help="number of cells that are also run in an interpreter process each"
    )
    parser.add_argument("--give-up-after", type=int, default=1, metavar="N", help="as in `cure-agent eval`")
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    with gzip.open(options.file) as stored:
        rows = [row for row in json.load(stored) if _programs(row) and row.get("generated_case_input")]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        chosen = [
            dict(rows[i % len(rows)], name=f"{rows[i % len(rows)]['task_id']}-{i}") for i in range(options.problems)
        ]
        problems_file, model = _write(place, chosen)
        problems, sha256 = read_problems(problems_file, None)
        role = RoleSettings(model=model, samples=SAMPLES)
        settings = Settings(
            dataset=str(problems_file),
            data_sha256=sha256,
            coder=role,
            tester=role,
            public_tests=False,
            time_factor=0.0,
            give_up_after=options.give_up_after or None,
        )
        cells = _cells(chosen)
        sample = random.Random(0).sample(cells, min(options.sample, len(cells)))
        middle = len(sample) // 2
        taken = _interpreter_seconds(sample[:middle])
        begun = time.perf_counter()
        directory = asyncio.run(evaluate(settings, problems, place / "outputs", options.sandbox))
        metrics = summarise(directory)
        write_summary(directory, metrics)
        seconds = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        taken += _interpreter_seconds(sample[middle:])
    count, executions, ended = len(cells), metrics["executions"], metrics["verdicts"]["cells"]
    there = sum(ended.values())
    assert there == count, f"{there} cells, expected {count}"
    print(f"{options.problems} problems, {count:,} cells: {seconds:.1f} s, {peak:.0f} MB")
    print(
        f"{executions:,} distinct executions; cells out of time {ended.get('timeout', 0)}, "
        f"not run after that {ended.get('not_run', 0)}, crashed {ended.get('crash', 0):,}"
    )
    rate = len(sample) / taken
    print(f"an interpreter each: {rate:.1f}/s over {len(sample)} cells, so {count / rate:.0f} s for all")
    print(f"{count / rate / seconds:.1f} times faster")


def _programs(row: dict[str, Any]) -> list[str]:
    return [one["code"] for one in row.get("submissions", ()) if one["model"] == "codegen-16B"]


def _answers(row: dict[str, Any]) -> tuple[list[str], list[str]]:
    """The answers of coder and tester for a stored problem."""
    codes = [f"```python\n{code}\n{row['stdio_main']}\n```" for code in _programs(row)]
    tests = [
        f"**Test Input:**\n```\n{given}```\n**Test Output:**\n```\n{expected}```\n"
        for given, expected in zip(row["generated_case_input"], row["generated_case_output"], strict=True)
    ]
    return codes[:SAMPLES], tests[:SAMPLES]


def _write(place: Path, rows: list[dict[str, Any]]) -> tuple[Path, str]:
    """The problem file in `place`, after writing it, and the spec of a scripted model that gives the stored answers."""
    problems, entries = [], []
    for row in rows:
        problems.append(
            {
                "name": row["name"],
                "question": row["question"],
                "test_input": row["test_input"][:HIDDEN],
                "test_output": row["test_output"][:HIDDEN],
                "test_time_limit": row["test_time_limit"],
            }
        )
        for name, texts in zip(("coder", "tester"), _answers(row), strict=True):
            padded = texts + ["nothing"] * (SAMPLES - len(texts))
            entries.append({"key": f"{name}/{row['name']}#*", "completions": padded})
    file, script = place / "problems.json", place / "answers.json"
    file.write_text(json.dumps(problems))
    script.write_text(json.dumps(entries))
    return file, f"scripted:{script}"


def _cells(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Program and input of every cell, extracted from the answers like in an evaluation."""
    read, cells = extractor("robust"), []
    for row in rows:
        codes, tests = _answers(row)
        programs = [read.program(text).value for text in codes]
        wanted = [read.test(text).value for text in tests]
        inputs = [*row["test_input"][:HIDDEN], *(test.stdin for test in wanted if test is not None)]
        cells += [(program, given) for program in programs if program is not None for given in inputs]
    return cells


def _interpreter_seconds(cells: list[tuple[str, str]]) -> float:
    """Seconds to run all cells, each by `python FILE` in a process of its own, for a second at most."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, (program, _) in enumerate(cells):
            files.append(Path(folder) / f"{number}.py")
            files[-1].write_text(program)

        def run(number: int) -> None:
            command, given = [sys.executable, files[number]], cells[number][1].encode()
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, input=given, capture_output=True, check=False, timeout=1)

        begun = time.perf_counter()
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            list(workers.map(run, range(len(cells))))
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
