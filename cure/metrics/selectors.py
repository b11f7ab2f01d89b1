"""Best-of-n by every selector of `cure.select`, on the same tables.

A selector may compare programs with each other, so the probability that it chooses a right program is averaged over
random orders: the selector gets the first n programs and the first m tests of each. `EXACT` has the selectors with a
closed form, `FAST` those that are computed on many orders at once; any other selector is called on a table for each n,
m and order. All but `agreement` among these take only CALLED_DRAWS orders. Programs with equal scores are equally
likely to be chosen, whichever comes first.

Selectors that are not in `BINARY` may need what the programs printed. Where outputs are not stored, all that is known
is that programs passing a test agree on that test. Best-of-n is then another quantity, and `VERDICTS_ONLY` is added to
the name of the selector.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cure.metrics.best_of_n import Estimates, Ints, Sampling, by_tests_passed, sampler, variance_of_mean
from cure.metrics.judged import Judged
from cure.metrics.value import Floats
from cure.metrics.verdicts import Booleans
from cure.problem import UnitTest
from cure.select import SELECTORS, Selector, rank_by_agreement, rank_by_max_pass
from cure.select.aces import aces_scores, rank_by_aces
from cure.select.b4 import b4_scores, rank_by_b4
from cure.select.coderm import coderm_scores, rank_by_coderm
from cure.select.codet import codet_scores, rank_by_codet
from cure.select.em import em_scores, rank_by_em
from cure.select.learned import learned_scores, rank_by_learned
from cure.select.mbr import mbr_scores, rank_by_mbr
from cure.select.outvoted import outvoted_scores, rank_by_outvoted
from cure.select.passes import Passes, Scores, compared
from cure.table import Candidate, Cell, ProgramTable
from sandbox import Verdict

VERDICTS_ONLY = " of verdicts"
"""Follows the name of a selector that may need outputs, where outputs are not stored."""

ON_WHOLE_GRID = ("agreement", "max-pass")
"""Selectors measured for every n and m; the others, which are slower, are measured for the largest n and m only."""

CALLED_DRAWS = 20
"""Number of orders to average over where a selector is called or its scores are computed anew for each n and m."""


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Random orders of the programs and the tests of one problem."""

    judged: Judged
    outputs: Ints
    """(programs, tests): equal numbers in a column for equal outputs, -1 for an execution that did not end `ok`.

    Where outputs are not stored: 0 for a passed test and -1 for a failed one.
    """
    printed: bool
    """Whether stored outputs are used."""
    programs: Ints
    """(draws, programs): indices of programs, in random order."""
    tests: Ints
    """(draws, tests): indices of tests, in random order."""
    ns: Sequence[int]
    ms: Sequence[int]
    public: Booleans
    """(programs, public examples): passed; programs are ordered by these first. No columns where they do not count."""


Chances = Callable[[Draws], Floats]
"""(draws, ns, ms) probabilities of a right choice."""


def by_selectors(
    problems: Sequence[Judged],
    ns: Sequence[int],
    ms: Sequence[int],
    sampling: Sampling,
    names: Collection[str] | None = None,
) -> dict[str, Estimates]:
    """The estimates of the selectors in `names` (None: of all selectors), by selector name.

    Where outputs are not stored, `VERDICTS_ONLY` follows the names of selectors that may need them.
    """
    printed = all(judged.outputs is not None or not judged.extracted.any() for judged in problems)
    grids = {}
    for name, select in SELECTORS.items():
        if names is not None and name not in names:
            continue
        if select in EXACT:
            grids[name] = EXACT[select](problems, ns, ms, sampling)
        else:
            grids[name if printed or select in BINARY else name + VERDICTS_ONLY] = by_orders(
                problems, ns, ms, sampling, FAST.get(select) or partial(chances_by_calls, select), printed
            )
    return grids


def by_orders(
    problems: Sequence[Judged],
    ns: Sequence[int],
    ms: Sequence[int],
    sampling: Sampling,
    chances: Chances,
    printed: bool = True,
) -> Estimates:
    """Best-of-n over random orders of programs and tests; stored outputs are used only if `printed`.

    Exact for one program, for no test unless public examples count, and for all programs and tests.
    """
    shape = (len(problems), len(ns), len(ms))
    values, variances = np.zeros(shape), np.zeros(shape)
    for index, judged in enumerate(problems):
        if not judged.programs:
            continue
        draws = draws_of(judged, judged.problem.name or str(index), ns, ms, sampling, printed)
        drawn = chances(draws)
        values[index], variances[index] = drawn.mean(axis=0), variance_of_mean(drawn)
        nothing = _undistinguished(draws)
        values[index][nothing], variances[index][nothing] = judged.right.mean(), 0.0
    return Estimates(values, variances)


def draws_of(
    judged: Judged, name: str, ns: Sequence[int], ms: Sequence[int], sampling: Sampling, printed: bool = True
) -> Draws:
    """Random orders of the programs and tests of the problem `name`; stored outputs are used only if `printed`."""
    programs, tests = _orders(judged, name, sampling)
    return Draws(
        judged=judged,
        outputs=judged.outputs if printed and judged.outputs is not None else np.where(judged.generated, 0, -1),
        printed=printed,
        programs=programs,
        tests=tests,
        ns=ns,
        ms=ms,
        public=judged.public if sampling.public_first else judged.public[:, :0],
    )


def chances_by_agreement(draws: Draws) -> Floats:
    """(draws, ns, ms) probabilities of a right choice by public examples, then tests passed, then agreement."""
    judged, programs, tests, public = draws.judged, draws.programs, draws.tests, draws.public
    orders, count = programs.shape
    columns = np.where(judged.extracted, draws.outputs, -1)
    same = ((columns[:, None] == columns) & (columns[:, None] >= 0)).reshape(count * count, -1).astype(np.float32)
    repeated = _repeated(judged, tests) if draws.printed else np.zeros(tests.shape, dtype=np.bool_)
    both = (public[:, None] & public).sum(axis=2)
    largest = count * (tests.shape[1] + public.shape[1]) + 1
    right = judged.right[programs]
    chances = np.empty((orders, len(draws.ns), len(draws.ms)))
    for column, m in enumerate(draws.ms):
        chosen, counted = np.zeros((2, *tests.shape), dtype=np.float32)
        np.put_along_axis(chosen, tests[:, :m], 1.0, axis=1)
        np.put_along_axis(counted, tests[:, :m], ~repeated[:, :m], axis=1)
        passed = chosen @ judged.generated.T.astype(np.float32) + public.sum(axis=1) * (tests.shape[1] + 1)
        agree = (counted @ same.T).reshape(orders, count, count) + both
        agree[:, np.arange(count), np.arange(count)] = 0
        agree = agree[np.arange(orders)[:, None, None], programs[:, :, None], programs[:, None, :]]
        first = np.take_along_axis(passed.astype(np.float64), programs, axis=1) * largest
        for row, n in enumerate(draws.ns):
            scores = first[:, :n] + agree[:, :n, :n].sum(axis=2)
            best = scores == scores.max(axis=1, keepdims=True)
            chances[:, row, column] = (best & right[:, :n]).sum(axis=1) / best.sum(axis=1)
    return chances


def chances_by_calls(select: Selector, draws: Draws) -> Floats:
    """(draws, ns, ms) probabilities of a right choice by calling the selector on the table of every draw."""
    judged, cells, tests = draws.judged, *_cells(draws)
    orders = list(zip(draws.programs, draws.tests, strict=True))[:CALLED_DRAWS]
    chances = np.empty((len(orders), len(draws.ns), len(draws.ms)))
    trusted = [name for name, test in tests.items() if test.trusted]
    for draw, (rows, columns) in enumerate(orders):
        for row, n in enumerate(draws.ns):
            for column, m in enumerate(draws.ms):
                chosen = [f"t{test}" for test in columns[:m] if judged.extracted[test]]
                taken = {name: tests[name] for name in trusted + chosen}
                names = [f"c{program}" for program in rows[:n]]
                part = {(name, test): cells[name, test] for name in names for test in taken}
                table = ProgramTable({name: Candidate("") for name in names}, taken, part)
                chances[draw, row, column] = _right_among_best(select, table, judged.right)
    return chances


def chances_by_scores(scores: Scores, draws: Draws) -> Floats:
    """(draws, ns, ms) probabilities of a right choice by public examples, then by the scores."""
    right = draws.judged.right[draws.programs[:CALLED_DRAWS]]
    chances = np.empty((len(right), len(draws.ns), len(draws.ms)))
    known: dict[tuple[int, int], Floats] = {}
    for row, column in np.ndindex(len(draws.ns), len(draws.ms)):
        size = min(draws.ns[row], draws.programs.shape[1]), min(draws.ms[column], draws.tests.shape[1])
        if size not in known:
            known[size] = _right_by_scores(scores, passes_of_draws(draws, *size), right[:, : size[0]])
        chances[:, row, column] = known[size]
    return chances


def _right_by_scores(scores: Scores, passes: Passes, right: Booleans) -> Floats:
    """(draws,): the share of right programs among those with the best score."""
    best = np.ones_like(right)
    for part in compared(scores, passes):
        best &= part == np.where(best, part, -np.inf).max(axis=1, keepdims=True)
    return np.asarray((best & right).sum(axis=1) / best.sum(axis=1))


EXACT: Mapping[Selector, Callable[[Sequence[Judged], Sequence[int], Sequence[int], Sampling], Estimates]] = {
    rank_by_max_pass: by_tests_passed
}
"""Closed forms of selectors that score a program without the others, and need no outputs."""

FAST: Mapping[Selector, Chances] = {
    rank_by_agreement: chances_by_agreement,
    rank_by_aces: partial(chances_by_scores, aces_scores),
    rank_by_b4: partial(chances_by_scores, b4_scores),
    rank_by_coderm: partial(chances_by_scores, coderm_scores),
    rank_by_codet: partial(chances_by_scores, codet_scores),
    rank_by_em: partial(chances_by_scores, em_scores),
    rank_by_learned: partial(chances_by_scores, learned_scores),
    rank_by_mbr: partial(chances_by_scores, mbr_scores),
    rank_by_outvoted: partial(chances_by_scores, outvoted_scores),
}
"""Probabilities of selectors that are computed on many orders at once."""

BINARY = frozenset({rank_by_aces, rank_by_b4, rank_by_coderm, rank_by_codet, rank_by_em, rank_by_max_pass})
"""Selectors that look only at which tests are passed."""


def _orders(judged: Judged, name: str, sampling: Sampling) -> tuple[Ints, Ints]:
    """(draws, programs) random orders of the programs, and (draws, tests) random orders of the tests."""
    random = sampler(name, sampling)
    tests = random.permuted(np.tile(np.arange(judged.problem.tests), (sampling.orders, 1)), axis=1)
    programs = random.permuted(np.tile(np.arange(judged.programs), (sampling.orders, 1)), axis=1)
    return programs, tests


def passes_of_draws(draws: Draws, n: int, m: int) -> Passes:
    """The arrays of the tables of n programs and m tests, with an axis of orders, at most CALLED_DRAWS, in front."""
    judged = draws.judged
    programs, tests = draws.programs[:CALLED_DRAWS, :n, None], draws.tests[:CALLED_DRAWS, None, :m]
    public = draws.public[programs[..., 0]]
    known = judged.generated_known & judged.extracted
    repeated = _repeated(judged, tests[:, 0]) if draws.printed else np.zeros(tests[:, 0].shape, dtype=np.bool_)
    answers = np.where(judged.extracted[tests], draws.outputs[programs, tests], -1)
    printed = np.where(repeated[:, None], -1, answers)
    return Passes(
        passed=judged.generated[programs, tests],
        known=known[programs, tests],
        outputs=np.concatenate([printed, np.where(public, 0, -1)], axis=2),
        answers=answers,
        trusted=public,
    )


def _undistinguished(draws: Draws) -> Booleans:
    """(ns, ms): whether every program is equally likely, since there is only one, or no test or public example."""
    alone = np.minimum(draws.ns, draws.judged.programs) == 1
    untold = np.minimum(draws.ms, draws.judged.problem.tests) == 0
    if draws.public.size:
        untold[:] = False
    return np.asarray(alone[:, None] | untold)


def _repeated(judged: Judged, tests: Ints) -> Booleans:
    """(draws, tests): whether an earlier test of the order has the same input; agreement counts an input once."""
    if judged.problem.inputs is None:
        return np.zeros(tests.shape, dtype=np.bool_)
    numbers: dict[object, int] = {}
    inputs = np.array([numbers.setdefault(text, len(numbers)) for text in judged.problem.inputs], dtype=np.int64)
    there = np.where(judged.extracted, inputs, -1 - np.arange(len(inputs)))[tests]
    earlier = np.tri(tests.shape[1], k=-1, dtype=np.bool_)
    return np.asarray(((there[:, :, None] == there[:, None, :]) & earlier).any(axis=2))


def _right_among_best(select: Selector, table: ProgramTable, right: Booleans) -> float:
    """The share of right programs among those with the best score, ordered first by trusted tests passed."""
    trusted = table.names(trusted=True)
    scores = {
        ranked.candidate: (sum(table.passes(ranked.candidate, test) for test in trusted), ranked.score)
        for ranked in select(table).ranked
    }
    best = max(scores.values())
    equals = [int(name[1:]) for name, score in scores.items() if score == best]
    return float(right[equals].mean())


def _cells(draws: Draws) -> tuple[dict[tuple[str, str], Cell], dict[str, UnitTest]]:
    """Cells and tests of an execution table of the problem; a number stands for each output."""
    judged, tests, examples = draws.judged, draws.judged.problem.tests, draws.public.shape[1]
    inputs = judged.problem.inputs if draws.printed else None
    texts = [f"input {test}" if inputs is None else repr(inputs[test]) for test in range(tests)]
    cells = {}
    for program in range(judged.programs):
        for test in range(tests):
            passed, output = bool(judged.generated[program, test]), int(draws.outputs[program, test])
            verdict = Verdict.OK if output >= 0 else Verdict.CRASH
            if not judged.generated_known[program, test]:
                verdict = Verdict.SANDBOX_ERROR
            cells[f"c{program}", f"t{test}"] = Cell(verdict=verdict, passed=passed, stdout=str(output))
        for example in range(examples):
            passed = bool(draws.public[program, example])
            verdict = Verdict.OK if passed else Verdict.CRASH
            cells[f"c{program}", f"p{example}"] = Cell(verdict=verdict, passed=passed, stdout="ok")
    public = {f"p{example}": UnitTest(f"example {example}", "", "public") for example in range(examples)}
    return cells, public | {f"t{test}": UnitTest(text, "") for test, text in enumerate(texts)}
