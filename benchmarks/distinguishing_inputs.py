"""Do new inputs, made without a model, tell right programs from wrong ones, and do they improve the choice?

Real programs (CodeGen-16B and others on HumanEval+ and MBPP+ as stdio problems, answers of Qwen2.5-Coder) run on the
public examples, the generated tests, inputs made by `cure.inputs`, and the inputs of the hidden tests. Printed are the
number of pairs of a wrong and a right program that the tests do not tell apart, how many of these pairs behave
differently on other inputs, and the accuracy of the choice by `agreement` on tables with more and more columns,
averaged over ties. The outputs of hidden tests only tell which programs are right; their inputs show how much the best
inputs would help.

`cure.inputs` was developed on the problems with an even number in their file; the others are for reporting:

    python -m benchmarks.distinguishing_inputs ../shared/data --out OUT --half odd

Executions are kept in OUT: a second call runs what is missing.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.real_prompts.problem_set import fixed_set, problems_of
from benchmarks.real_prompts.store import stored
from cure.extract import extractor
from cure.inputs import new_inputs
from cure.problem import Problem, UnitTest, UnlabelledInput
from cure.problem.row import problem_from_row
from cure.select import confidence, rank_by_agreement
from cure.table import Candidate, ProgramExecutor, ProgramTable, behaviour, fill, judging_of
from sandbox import Execution, Sandbox, Verdict, open_sandbox

ANSWERS = Path("tests/data/real_answers/answers.jsonl.gz")
REFERENCE = "reference"
GIVE_UP_AFTER = 2
"""Time-outs of a program after which it is not run on further inputs, tests included."""
KEPT_BYTES = 4_000
"""Bytes of the longest output that is stored; executions with longer ones are repeated by the next call."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One problem with real programs for it."""

    source: str
    number: int
    problem: Problem
    programs: Mapping[str, str]
    right: frozenset[str] | None
    """Programs that pass all hidden tests; None where no verdicts are recorded, so that `executed` finds them."""
    tests: tuple[UnitTest, ...] = ()
    """Generated tests."""


@dataclass(frozen=True, kw_only=True)
class Executed:
    """The table of a case: columns `e` examples, `t` generated tests, `m` made inputs, `h` inputs of hidden tests."""

    case: Case
    table: ProgramTable
    right: frozenset[str]
    well_formed: frozenset[str]
    """Made inputs on which the reference solution has the verdict `ok`."""

    def part(self, kinds: str, programs: Sequence[str], tests: Sequence[str] | None = None) -> ProgramTable:
        """The table of these programs and of columns of these kinds (initials); of the generated tests only `tests`."""
        columns = {
            name: column
            for name, column in self.table.tests.items()
            if name[0] in kinds and (tests is None or name[0] != "t" or name in tests)
        }
        cells = {(row, name): self.table.cells[row, name] for row in programs for name in columns}
        return ProgramTable({row: self.table.candidates[row] for row in programs}, columns, cells)


def labelled_cases(data: Path, name: str) -> list[Case]:
    """Problems of a stdio set with programs whose verdicts are recorded."""
    with gzip.open(data / f"stdio-he-mbpp/{name}.json.gz") as file:
        rows: list[dict[str, Any]] = json.load(file)
    cases = []
    for number, row in enumerate(rows):
        programs = {f"c{at}": item["code"] for at, item in enumerate(row.get("submissions") or ())}
        if programs:
            tests = zip(row.get("generated_case_input") or (), row.get("generated_case_output") or (), strict=True)
            cases.append(
                Case(
                    source=name.split("_")[0],
                    number=number,
                    problem=problem_from_row(row, "row", str(number)),
                    programs=programs,
                    right=frozenset(
                        f"c{at}" for at, item in enumerate(row["submissions"]) if "0" not in item["passed"]
                    ),
                    tests=tuple(UnitTest(given, expected) for given, expected in tests),
                )
            )
    return cases


def answered_cases(data: Path, model: str, form: str) -> list[Case]:
    """Problems with the stored answers of a model: all its programs, and its tests from prompts of one form."""
    read, answers = extractor("robust"), stored(ANSWERS)
    cases = []
    for number, problem in enumerate(problems_of(fixed_set(data))):
        mine = [answer for answer in answers if answer["model"] == model and answer["problem"] == problem.name]
        programs = [read.program(each["text"]).value for each in mine if each["role"] == "coder"]
        tests = [read.test(each["text"]).value for each in mine if each["role"] == "tester" and each["form"] == form]
        if programs:
            cases.append(
                Case(
                    source=model,
                    number=number,
                    problem=problem,
                    programs={f"c{at}": text for at, text in enumerate(programs) if text is not None},
                    right=None,
                    tests=tuple(test for test in tests if test is not None),
                )
            )
    return cases


async def executed(case: Case, sandbox: Sandbox, out: Path, inputs: int) -> Executed:
    """The executed table of a case, with at most `inputs` made inputs; what `out` lacks is run and stored there."""
    problem = case.problem
    examples = {f"e{at}": test for at, test in enumerate(problem.examples, 1)}
    tests = {f"t{at}": test for at, test in enumerate(case.tests, 1)}
    given = {name: test.stdin for name, test in examples.items()}
    made = new_inputs(given, {name: test.stdin for name, test in tests.items()}, problem.question, inputs, 0)
    columns = {**examples, **tests, **{f"m{at}": each for at, each in enumerate(made, 1)}}
    hidden = {f"h{at}": test for at, test in enumerate(problem.hidden, 1)}
    executor = ProgramExecutor(sandbox, judging_of(problem, give_up_after=GIVE_UP_AFTER))
    store = out / f"{case.source}-{case.number}.jsonl"
    known = _stored(store)
    programs = {name: Candidate(text) for name, text in case.programs.items()}
    programs |= {REFERENCE: Candidate(problem.reference)} if problem.reference else {}
    keys = {
        _digest(row.text, column.stdin): (row.text, column.stdin)
        for row in programs.values()
        for column in (*columns.values(), *hidden.values())
    }
    executor.remember({pair: known[key] for key, pair in keys.items() if key in known})
    table = await fill(executor, ProgramTable(programs, {**columns, **hidden}))
    with store.open("a", encoding="utf-8") as file:
        for key, pair in keys.items():
            execution = executor.executions.get(pair)
            if key not in known and execution is not None and len(execution.stdout) <= KEPT_BYTES:
                file.write(_line(key, execution))
    right = case.right
    if right is None:
        right = frozenset(row for row in case.programs if all(table.passes(row, name) for name in hidden))
    well_formed = frozenset(
        name
        for name in columns
        if name[0] == "m" and problem.reference and table.cells[REFERENCE, name].verdict is Verdict.OK
    )
    unlabelled = {name: UnlabelledInput(test.stdin) if name in hidden else test for name, test in table.tests.items()}
    rows = {name: row for name, row in table.candidates.items() if name != REFERENCE}
    cells = {place: cell for place, cell in table.cells.items() if place[0] in rows}
    whole = ProgramTable(rows, unlabelled, cells)
    return Executed(case=case, table=whole, right=right & rows.keys(), well_formed=well_formed)


def _digest(source: str, stdin: str) -> str:
    return hashlib.sha256(f"{source}\0{stdin}".encode(errors="replace")).hexdigest()[:24]


def _line(key: str, execution: Execution) -> str:
    stdout = execution.stdout.decode(errors="replace")
    return json.dumps({"key": key, "verdict": str(execution.verdict), "stdout": stdout}) + "\n"


def _stored(path: Path) -> dict[str, Execution]:
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # incomplete, because the process was killed
        verdict = Verdict(record["verdict"])
        if verdict is not Verdict.SANDBOX_ERROR:
            found[record["key"]] = Execution(
                job="",
                index=0,
                verdict=verdict,
                stdout=record["stdout"].encode(),
                stderr_tail=b"",
                cpu_s=0.0,
                peak_memory_kb=0,
                reason="",
            )
    return found


def wrong_right_pairs(each: Executed, before: str, kinds: str) -> tuple[int, int]:
    """The number of pairs of a wrong and a right program equal on columns `before`, and how many differ on `kinds`."""
    names = list(each.case.programs)
    first, then = each.part(before, names), each.part(before + kinds, names)
    was = {name: behaviour(first, name) for name in names}
    now = {name: behaviour(then, name) for name in names}
    pairs = [(a, b) for a, b in combinations(names, 2) if (a in each.right) != (b in each.right) and was[a] == was[b]]
    return len(pairs), sum(now[a] != now[b] for a, b in pairs)


def right_right_pairs(each: Executed, kinds: str) -> tuple[int, int]:
    """The number of pairs of right programs, and of those that differ on columns of these kinds."""
    names = [name for name in each.case.programs if name in each.right]
    part = each.part(kinds, list(each.case.programs))
    now = {name: behaviour(part, name) for name in names}
    pairs = list(combinations(names, 2))
    return len(pairs), sum(now[a] != now[b] for a, b in pairs)


ARMS = {
    "examples": ("e", 1),
    "examples, generated tests": ("et", 2),
    "the same, agreement on their inputs": ("et", 3),
    "the same, agreement on made inputs too": ("etm", 3),
    "the same, agreement on inputs of hidden tests too": ("eth", 3),
}
"""Ways to choose, by name: kinds of columns in the table, and how many of the first scores of `agreement` decide."""


def accuracies(each: Executed, size: int, draws: int) -> dict[str, float]:
    """By name in `ARMS`, the chance that the choice among `size` programs by `size` tests is right.

    Also the chance that one program drawn at random is right, and that any of the `size` programs is. All are means
    over draws of programs and tests.
    """
    rng = random.Random(each.case.number)
    names, tests = list(each.case.programs), [name for name in each.table.tests if name[0] == "t"]
    if each.case.source == "humaneval":
        names = names[:16]  # those of CodeGen-16B, which wrote the tests
    found: dict[str, list[float]] = {arm: [] for arm in ("one program", *ARMS, "any program right")}
    for _ in range(draws):
        rows, columns = rng.sample(names, min(size, len(names))), rng.sample(tests, min(size, len(tests)))
        rights = [row in each.right for row in rows]
        found["one program"].append(fmean(rights))
        found["any program right"].append(float(any(rights)))
        for arm, (kinds, places) in ARMS.items():
            ranked = rank_by_agreement(each.part(kinds, rows, columns)).ranked
            best = max(one.score[:places] for one in ranked)
            found[arm].append(fmean(one.candidate in each.right for one in ranked if one.score[:places] == best))
    return {arm: fmean(values) for arm, values in found.items()}


def calibration(cases: Sequence[Executed], size: int, draws: int, kinds: str) -> tuple[float, float, float]:
    """Mean stated probability of the choice, share of right choices, expected calibration error over ten bins."""
    pairs = []
    for each in cases:
        rng = random.Random(each.case.number)
        names, tests = list(each.case.programs)[:16], [name for name in each.table.tests if name[0] == "t"]
        for _ in range(draws):
            rows, columns = rng.sample(names, min(size, len(names))), rng.sample(tests, min(size, len(tests)))
            table = each.part(kinds, rows, columns)
            best = rank_by_agreement(table).ranked[0].candidate
            stated = confidence(table).of(best)
            if stated > 0:
                pairs.append((stated, best in each.right))
    error = 0.0
    for low in range(10):
        inside = [(p, r) for p, r in pairs if low <= min(9, int(10 * p)) < low + 1]
        error += abs(sum(p for p, _ in inside) - sum(r for _, r in inside))
    return fmean(p for p, _ in pairs), fmean(right for _, right in pairs), error / len(pairs)


def interval(values: Sequence[float]) -> str:
    """The mean with its 95 % bootstrap interval over problems."""
    rng, array = np.random.default_rng(0), np.array(values)
    means = array[rng.integers(len(array), size=(4_000, len(array)))].mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{array.mean():+.3f} ({low:+.3f} to {high:+.3f})"


def show(title: str, cases: Sequence[Executed], size: int, draws: int) -> None:
    """Print the figures of these cases under a title."""
    print(f"\n## {title}: {len(cases)} problems, {sum(len(each.case.programs) for each in cases)} programs")
    made = [name for each in cases for name in each.table.tests if name[0] == "m"]
    with_reference = [each for each in cases if each.case.problem.reference]
    fine = sum(len(each.well_formed) for each in with_reference)
    there = sum(name[0] == "m" for each in with_reference for name in each.table.tests)
    malformed = sum(len(each.table.malformed) for each in cases)
    print(
        f"made inputs: {len(made)}, the reference ends well on {fine / max(1, there):.3f}, judged malformed {malformed}"
    )
    for before, words in (("e", "examples"), ("et", "examples and generated tests")):
        for kinds, what in (("m", "made inputs"), ("h", "inputs of hidden tests")):
            counts = [wrong_right_pairs(each, before, kinds) for each in cases]
            equal, apart = (sum(column) for column in zip(*counts, strict=True))
            print(
                f"wrong-right pairs equal on {words}: {equal}; "
                f"told apart on {what}: {apart} ({apart / max(1, equal):.3f})"
            )
    for kinds, what in (("et", "tests"), ("etm", "tests and made inputs"), ("eth", "tests and inputs of hidden tests")):
        counts = [right_right_pairs(each, kinds) for each in cases]
        pairs, apart = (sum(column) for column in zip(*counts, strict=True))
        print(f"right-right pairs: {pairs}; told apart on {what}: {apart} ({apart / max(1, pairs):.3f})")
    rows = [accuracies(each, size, draws) for each in cases]
    for arm in rows[0]:
        print(f"{fmean(row[arm] for row in rows):.3f}  {arm}")
    base, made_arm, upper = (list(ARMS)[at] for at in (2, 3, 4))
    print("accuracy, made inputs minus tests' inputs:", interval([row[made_arm] - row[base] for row in rows]))
    print("accuracy, hidden tests' inputs minus tests' inputs:", interval([row[upper] - row[base] for row in rows]))
    gain = [fmean(row[arm] - row[base] for row in rows) for arm in (made_arm, upper)]
    print(f"recovered: {gain[0] / gain[1]:.2f}" if gain[1] else "recovered: nothing to recover")
    for kinds in ("et", "etm"):
        stated, right, error = calibration(cases, size, draws, kinds)
        print(f"confidence on {kinds}: stated {stated:.3f}, right {right:.3f}, expected calibration error {error:.3f}")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--half", choices=("even", "odd", "both"), default="both")
    parser.add_argument("--inputs", type=int, default=32)
    parser.add_argument("--size", type=int, default=8)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--only", choices=("humaneval", "mbpp", "answers", "answers-1.5b"))
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    groups = {
        "humaneval": lambda: [case for case in labelled_cases(options.data, "humaneval_plus_stdio") if case.tests],
        "mbpp": lambda: labelled_cases(options.data, "mbpp_plus_stdio"),
        "answers": lambda: (
            answered_cases(options.data, "qwen2.5-coder-0.5b", "turns-small")
            + answered_cases(options.data, "qwen2.5-coder-1.5b", "turns-small")
        ),
        "answers-1.5b": lambda: answered_cases(options.data, "qwen2.5-coder-1.5b", "chat"),
    }
    sandbox = await open_sandbox(options.sandbox)
    limit = asyncio.Semaphore(4)

    async def one(case: Case) -> Executed:
        async with limit:
            return await executed(case, sandbox, options.out, options.inputs)

    try:
        for name, cases_of in groups.items():
            if options.only not in (None, name):
                continue
            cases = [
                case for case in cases_of() if options.half == "both" or case.number % 2 == (options.half == "odd")
            ]
            show(f"{name}, {options.half}", await asyncio.gather(*map(one, cases)), options.size, options.draws)
    finally:
        await sandbox.close()


if __name__ == "__main__":
    asyncio.run(main())
