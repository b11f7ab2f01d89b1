"""Best-of-n by every selector of `cure.select`, on the same tables and the same subsets of tests.

`max-pass` scores a program by itself and has a closed form. Any other may look at programs together, so it is averaged
over random orders of programs and tests, the first n and m of each; `agreement` is computed on all orders at once, a
selector this file does not know is simply called (over fewer orders). Programs a selector holds for equal are equally
likely to be taken: which comes first says nothing.

Agreement needs what the programs printed. Where that is not stored, all that is known is that programs passing the same
test agree; this is another quantity, and has a name of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cure.metrics.best_of_n import Estimates, Ints, Sampling, by_tests_passed, sampler, variance_of_mean
from cure.metrics.judged import Judged
from cure.metrics.tables import Booleans
from cure.metrics.value import Floats
from cure.problem import UnitTest
from cure.select import SELECTORS, Selector
from cure.table import Candidate, Cell, ProgramTable
from sandbox.protocol import Verdict

VERDICTS_ONLY = " of verdicts"
"""What the name of a selector is followed by where outputs are not stored."""

CALLED_DRAWS = 20
"""Orders over which a selector is called."""

_TESTS_PASSED = "max-pass"
_AGREEMENT = "agreement"


def by_selectors(
    problems: Sequence[Judged], ns: Sequence[int], ms: Sequence[int], sampling: Sampling
) -> dict[str, Estimates]:
    """The grid of every selector, by the name of the quantity."""
    printed = all(judged.outputs is not None or not judged.extracted.any() for judged in problems)
    grids = {}
    for name, select in SELECTORS.items():
        if name == _TESTS_PASSED:
            grids[name] = by_tests_passed(problems, ns, ms, sampling)
        else:
            known = None if name == _AGREEMENT else select
            grids[name if printed else name + VERDICTS_ONLY] = by_orders(problems, ns, ms, sampling, known, printed)
    return grids


def by_orders(
    problems: Sequence[Judged],
    ns: Sequence[int],
    ms: Sequence[int],
    sampling: Sampling,
    select: Selector | None = None,
    printed: bool = True,
) -> Estimates:
    """The choice by `select`, or by agreement, over random orders of programs and tests.

    With `printed`, the outputs stored are used. It is exact for one program, for no test, and for all of both.
    """
    shape = (len(problems), len(ns), len(ms))
    values, variances = np.zeros(shape), np.zeros(shape)
    for index, judged in enumerate(problems):
        if not judged.programs:
            continue
        outputs = judged.outputs if printed and judged.outputs is not None else np.where(judged.generated, 0, -1)
        programs, tests = _orders(judged, judged.problem.name or str(index), sampling)
        if select is None:
            drawn = _agreement(judged, outputs, programs, tests, ns, ms, sampling.public_first, printed)
        else:
            few = slice(CALLED_DRAWS)
            drawn = _called(select, judged, outputs, programs[few], tests[few], ns, ms, sampling.public_first, printed)
        values[index], variances[index] = drawn.mean(axis=0), variance_of_mean(drawn)
        nothing = _certain(judged, ns, ms, sampling.public_first)
        values[index][nothing], variances[index][nothing] = judged.right.mean(), 0.0
    return Estimates(values, variances)


def _orders(judged: Judged, name: str, sampling: Sampling) -> tuple[Ints, Ints]:
    """Random orders of the programs and of the tests, (draws, ...)."""
    random = sampler(name, sampling)
    tests = random.permuted(np.tile(np.arange(judged.problem.tests), (sampling.orders, 1)), axis=1)
    programs = random.permuted(np.tile(np.arange(judged.programs), (sampling.orders, 1)), axis=1)
    return programs, tests


def _certain(judged: Judged, ns: Sequence[int], ms: Sequence[int], public_first: bool) -> Booleans:
    """Where any program may be taken: there is one, or nothing tells them apart; (ns, ms)."""
    alone = np.minimum(ns, judged.programs) == 1
    untold = np.minimum(ms, judged.problem.tests) == 0
    if public_first and judged.public.size:
        untold[:] = False
    return np.asarray(alone[:, None] | untold)


def _agreement(
    judged: Judged,
    outputs: Ints,
    programs: Ints,
    tests: Ints,
    ns: Sequence[int],
    ms: Sequence[int],
    public_first: bool,
    printed: bool,
) -> Floats:
    """The chance of a right choice by (public examples, tests passed, agreement), (draws, ns, ms)."""
    draws, count = programs.shape
    columns = np.where(judged.extracted, outputs, -1)
    same = ((columns[:, None] == columns) & (columns[:, None] >= 0)).reshape(count * count, -1).astype(np.float32)
    repeated = _repeated(judged, tests) if printed else np.zeros(tests.shape, dtype=np.bool_)
    public = judged.public if public_first else judged.public[:, :0]
    both = (public[:, None] & public).sum(axis=2)
    largest = count * (tests.shape[1] + public.shape[1]) + 1
    right = judged.right[programs]
    chances = np.empty((draws, len(ns), len(ms)))
    for column, m in enumerate(ms):
        chosen, counted = np.zeros((2, *tests.shape), dtype=np.float32)
        np.put_along_axis(chosen, tests[:, :m], 1.0, axis=1)
        np.put_along_axis(counted, tests[:, :m], ~repeated[:, :m], axis=1)
        passed = chosen @ judged.generated.T.astype(np.float32) + public.sum(axis=1) * (tests.shape[1] + 1)
        agree = (counted @ same.T).reshape(draws, count, count) + both
        agree[:, np.arange(count), np.arange(count)] = 0
        agree = agree[np.arange(draws)[:, None, None], programs[:, :, None], programs[:, None, :]]
        first = np.take_along_axis(passed.astype(np.float64), programs, axis=1) * largest
        for row, n in enumerate(ns):
            scores = first[:, :n] + agree[:, :n, :n].sum(axis=2)
            best = scores == scores.max(axis=1, keepdims=True)
            chances[:, row, column] = (best & right[:, :n]).sum(axis=1) / best.sum(axis=1)
    return chances


def _repeated(judged: Judged, tests: Ints) -> Booleans:
    """Which tests have the input of an earlier one of their order: an input counts once, (draws, tests)."""
    if judged.problem.inputs is None:
        return np.zeros(tests.shape, dtype=np.bool_)
    numbers: dict[object, int] = {}
    inputs = np.array([numbers.setdefault(text, len(numbers)) for text in judged.problem.inputs], dtype=np.int64)
    there = np.where(judged.extracted, inputs, -1 - np.arange(len(inputs)))[tests]
    earlier = np.tri(tests.shape[1], k=-1, dtype=np.bool_)
    return np.asarray(((there[:, :, None] == there[:, None, :]) & earlier).any(axis=2))


def _called(
    select: Selector,
    judged: Judged,
    outputs: Ints,
    programs: Ints,
    tests: Ints,
    ns: Sequence[int],
    ms: Sequence[int],
    public_first: bool,
    printed: bool,
) -> Floats:
    """The chance of a right choice by calling the selector on the table of every draw, (draws, ns, ms)."""
    cells, judging = _cells(judged, outputs, public_first, printed)
    chances = np.empty((len(programs), len(ns), len(ms)))
    for draw, (rows, columns) in enumerate(zip(programs, tests, strict=True)):
        for row, n in enumerate(ns):
            for column, m in enumerate(ms):
                chosen = [f"t{test}" for test in columns[:m] if judged.extracted[test]]
                trusted = [name for name, test in judging.items() if test.trusted]
                taken = {name: judging[name] for name in trusted + chosen}
                names = [f"c{program}" for program in rows[:n]]
                part = {(name, test): cells[name, test] for name in names for test in taken}
                table = ProgramTable({name: Candidate("") for name in names}, taken, part)
                chances[draw, row, column] = _right_among_best(select, table, judged.right)
    return chances


def _right_among_best(select: Selector, table: ProgramTable, right: Booleans) -> float:
    """The share of right programs among those with the best score, trusted tests passed coming first."""
    trusted = table.names(trusted=True)
    scores = {
        ranked.candidate: (sum(table.passes(ranked.candidate, test) for test in trusted), ranked.score)
        for ranked in select(table).ranked
    }
    best = max(scores.values())
    equals = [int(name[1:]) for name, score in scores.items() if score == best]
    return float(right[equals].mean())


def _cells(
    judged: Judged, outputs: Ints, public_first: bool, printed: bool
) -> tuple[dict[tuple[str, str], Cell], dict[str, UnitTest]]:
    """The problem as an execution table: outputs are their numbers, inputs their texts."""
    inputs = judged.problem.inputs if printed else None
    texts = [f"input {test}" if inputs is None else repr(inputs[test]) for test in range(judged.problem.tests)]
    tests = {f"t{test}": UnitTest(text, "") for test, text in enumerate(texts)}
    cells = {}
    for program in range(judged.programs):
        for test in range(judged.problem.tests):
            passed, output = bool(judged.generated[program, test]), int(outputs[program, test])
            verdict = Verdict.OK if output >= 0 else Verdict.CRASH
            if not judged.generated_known[program, test]:
                verdict = Verdict.SANDBOX_ERROR
            cells[f"c{program}", f"t{test}"] = Cell(verdict=verdict, passed=passed, stdout=str(output))
        for example in range(judged.public.shape[1] if public_first else 0):
            passed = bool(judged.public[program, example])
            verdict = Verdict.OK if passed else Verdict.CRASH
            cells[f"c{program}", f"p{example}"] = Cell(verdict=verdict, passed=passed, stdout="ok")
    examples = {
        f"p{example}": UnitTest(f"example {example}", "", "public") for example in range(judged.public.shape[1])
    }
    return cells, (examples if public_first else {}) | tests
