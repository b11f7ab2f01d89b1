"""Size of the report of a large evaluation, and the time that it takes: 500 problems by default.

Each problem has 16 programs, which are run on 16 generated and 8 hidden tests.

Programs, tests and outputs are drawn at random, so that they compress worse than real ones.

    python benchmarks/report_size.py
    python benchmarks/report_size.py --problems 2000 --test-characters 20000      # texts are cut, the size is bounded
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from pathlib import Path

from cure.json_lines import Lines
from engines import write_atomically
from evaluator.report.write import write_files
from evaluator.run.directory import RunDirectory
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.summary import summarise, write_summary
from evaluator.run.tables import EvaluatedTable, TestColumn

PROGRAMS, GENERATED, HIDDEN = 16, 16, 8
WORDS = (
    "for",
    "in",
    "range",
    "if",
    "else",
    "while",
    "print",
    "input",
    "map",
    "int",
    "list",
    "sorted",
    "return",
    "def",
    "len",
    "sum",
    "max",
    "min",
    "best",
    "left",
    "total",
)


def text(draw: random.Random, characters: int) -> str:
    """Lines of words and numbers, with about `characters` characters in all."""
    lines, length = [], 0
    while length < characters:
        words = [draw.choice(WORDS) if draw.random() < 0.7 else str(draw.randrange(10**4)) for _ in range(8)]
        lines.append("    " * draw.randrange(3) + " ".join(words))
        length += len(lines[-1]) + 1
    return "\n".join(lines)


def table(number: int, draw: random.Random, program: int, test: int) -> EvaluatedTable:
    """The table of a problem of random difficulty. Hidden tests are right, and half of the generated ones; from about
    5 % of the coder's answers and 10 % of the tester's nothing was extracted."""
    ability = draw.random()
    right = [draw.random() < ability for _ in range(PROGRAMS)]
    sources = [text(draw, program) for _ in range(PROGRAMS)]
    programs = [None if draw.random() < 0.05 else draw.choice(sources) for _ in range(PROGRAMS)]
    failed = {index: "no_output" for index in range(GENERATED) if draw.random() < 0.1}
    read = [index for index in range(GENERATED) if index not in failed]
    columns = [TestColumn("hidden", index, numbers(draw, test), numbers(draw, 12)) for index in range(HIDDEN)]
    columns += [TestColumn("generated", index, numbers(draw, test), numbers(draw, 12)) for index in read]
    truth = [at < HIDDEN or draw.random() < 0.5 for at in range(len(columns))]

    def row(good: bool) -> str:
        passes = [is_true if good else draw.random() < 0.3 for is_true in truth]
        return "".join("P" if passed else draw.choice("WWWCT") for passed in passes)

    cells = ["" if one is None else row(good) for one, good in zip(programs, right, strict=True)]
    return EvaluatedTable(
        problem=number,
        name=f"problem-{number}",
        programs=tuple(programs),
        program_samples=tuple(range(PROGRAMS)),
        program_failures=tuple("no_code" if one is None else "" for one in programs),
        requested_tests=GENERATED,
        test_failures=failed,
        columns=tuple(columns),
        cells=tuple(cells),
        outputs=tuple(tuple(f"#{draw.getrandbits(32):08x}" for _ in columns) if cell else () for cell in cells),
        cpu_s=tuple(round(draw.random(), 4) for _ in cells),
        peak_kb=(12_000,) * len(cells),
        reference="".join("P" if one else "W" for one in truth),
        executions=len(columns) * len(cells),
    )


def numbers(draw: random.Random, characters: int) -> str:
    """A line of numbers, with about `characters` characters."""
    return " ".join(str(draw.randrange(10**6)) for _ in range(max(1, characters // 7))) + "\n"


def make_run(folder: Path, problems: int, program: int, test: int) -> RunDirectory:
    """A run that looks as if it had been completed."""
    draw = random.Random(0)
    rows = [{"name": f"problem-{number}", "question": text(draw, 1500)} for number in range(problems)]
    data = folder / "set.json"
    data.write_text(json.dumps(rows))
    from evaluator.run.start import read_problems

    _, sha256 = read_problems(data, None)
    role = RoleSettings(model="scripted:drawn", samples=GENERATED)
    run = RunDirectory(folder / "run")
    run.path.mkdir()
    settings = Settings(dataset=str(data), data_sha256=sha256, coder=role, tester=role)
    run.write_config(settings, {"begun": "2026-01-01T00:00:00+0000", "sandbox": "none"})
    write_atomically(run.path / "problems.json", json.dumps([row["name"] for row in rows]))
    tables = Lines(run.tables)
    samples = {role: Lines(run.samples(role)) for role in ("coder", "tester")}
    for number in range(problems):
        made = table(number, draw, program, test)
        tables.append(made.to_record())
        not_extracted = {
            "coder": {at for at, why in enumerate(made.program_failures) if why},
            "tester": {*made.test_failures},
        }
        for name, lines in samples.items():
            for index in range(GENERATED):
                answer = text(draw, 2000) if index in not_extracted[name] else ""
                lines.append(
                    {"key": "", "problem": number, "index": index, "text": answer, "finish": "stop", "error": "",
                     "prompt_tokens": 400, "completion_tokens": draw.randrange(50, 900), "estimated": False,
                     "seconds": 1.0}
                )  # fmt: skip
    for lines in (tables, *samples.values()):
        lines.close()
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--program-characters", type=int, default=1200)
    parser.add_argument("--test-characters", type=int, default=300)
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="An empty or new directory to leave the run in.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        run = make_run(folder, asked.problems, asked.program_characters, asked.test_characters)
        print(f"{asked.problems} problems x ({PROGRAMS} x {GENERATED} + {PROGRAMS} x {HIDDEN})")
        print(f"{'tables.jsonl':<24}{run.tables.stat().st_size / 1e6:8.1f} MB")
        begun = time.perf_counter()
        metrics = summarise(run)
        write_summary(run, metrics)
        print(f"{'metrics':<24}{time.perf_counter() - begun:8.1f} s")
        begun = time.perf_counter()
        write_files(run, metrics, on_missing=print)
        print(f"{'report':<24}{time.perf_counter() - begun:8.1f} s")
        print(f"{'report.html':<24}{run.report.stat().st_size / 1e6:8.1f} MB")
        print(f"{'largest memory':<24}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
