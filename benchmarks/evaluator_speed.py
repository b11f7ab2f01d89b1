"""An evaluation of stored, real programs and tests from end to end, beside an interpreter process for every execution.

    python benchmarks/evaluator_speed.py ../shared/data/stdio-he-mbpp/humaneval_plus_stdio.json.gz

16 programs and 16 generated tests of CodeGen-16B for each problem, the first 8 hidden tests, problems taken again
under other names until there are --problems. Timed is all of `cure-agent eval` but the report: prompts, extraction,
executions, both modes of scores. The interpreter's rate is measured on a sample of the same executions, with as many
workers as cores.
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

from evaluator.run.execute import read_tables
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.start import evaluate, read_problems
from evaluator.run.summary import summarise, write_summary

SAMPLES, HIDDEN = 16, 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--problems", type=int, default=150)
    parser.add_argument("--sample", type=int, default=400, help="executions with an interpreter for each")
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
        role = RoleSettings(model, SAMPLES)
        settings = Settings(str(problems_file), sha256, role, role, public_tests=False, time_factor=0.0)
        begun = time.perf_counter()
        directory = asyncio.run(evaluate(settings, problems, place / "outputs", options.sandbox))
        metrics = summarise(directory)
        write_summary(directory, metrics)
        seconds = time.perf_counter() - begun
        tables = read_tables(directory)
        cells = sum(len(row) for table in tables for row in table.cells)
        executions = metrics["executions"]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rate = _interpreter_rate(tables, options.sample)
    print(
        f"{len(tables)} problems, {cells:,} cells, {executions:,} distinct executions: {seconds:.1f} s, {peak:.0f} MB"
    )
    print(
        f"an interpreter each: {rate:.0f}/s, so {cells / rate:.0f} s for the cells, {executions / rate:.0f} s distinct"
    )
    print(
        f"{cells / rate / seconds:.1f} times faster than an interpreter per cell, "
        f"{executions / rate / seconds:.1f} times for distinct executions"
    )


def _programs(row: dict[str, Any]) -> list[str]:
    return [one["code"] for one in row.get("submissions", ()) if one["model"] == "codegen-16B"]


def _write(place: Path, rows: list[dict[str, Any]]) -> tuple[Path, str]:
    """The problems, and a model that gives the stored answers."""
    problems, entries = [], []
    for number, row in enumerate(rows):
        problems.append(
            {
                "name": row["name"],
                "question": row["question"],
                "test_input": row["test_input"][:HIDDEN],
                "test_output": row["test_output"][:HIDDEN],
                "test_time_limit": row["test_time_limit"],
            }
        )
        codes = [f"```python\n{code}\n{row['stdio_main']}\n```" for code in _programs(row)[:SAMPLES]]
        tests = [
            f"**Test Input:**\n```\n{given}```\n**Test Output:**\n```\n{expected}```\n"
            for given, expected in zip(row["generated_case_input"], row["generated_case_output"], strict=True)
        ]
        for name, texts in (("coder", codes), ("tester", tests[:SAMPLES])):
            padded = texts + ["nothing"] * (SAMPLES - len(texts))
            entries.append({"key": f"{name}/*#{number}.*", "completions": padded})
    file, script = place / "problems.json", place / "answers.json"
    file.write_text(json.dumps(problems))
    script.write_text(json.dumps(entries))
    return file, f"scripted:{script}"


def _interpreter_rate(tables: list[Any], count: int) -> float:
    """Executions a second with `python FILE` for each."""
    cells = [(p, c.stdin) for table in tables for p in table.programs if p is not None for c in table.columns]
    sample = random.Random(0).sample(cells, min(count, len(cells)))
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for number, (program, _) in enumerate(sample):
            files.append(Path(folder) / f"{number}.py")
            files[-1].write_text(program)

        def run(number: int) -> None:
            command, given = [sys.executable, files[number]], sample[number][1].encode()
            with contextlib.suppress(subprocess.TimeoutExpired):
                subprocess.run(command, input=given, capture_output=True, check=False, timeout=1)

        begun = time.perf_counter()
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            list(workers.map(run, range(len(sample))))
        return len(sample) / (time.perf_counter() - begun)


main()
