"""The main accuracies of groups of problems, such as those of one difficulty or one month."""

from __future__ import annotations

from collections.abc import Sequence

from cure.metrics.best_of_n import by_tests_passed, means
from cure.metrics.code_accuracy import code_accuracy
from cure.metrics.intervals import intervals
from cure.metrics.judged import Judged, judge_all
from cure.metrics.standard import Scored, ScoreOptions, scored
from cure.metrics.unit_tests import test_accuracy
from cure.metrics.value import Measure
from cure.metrics.verdicts import ProblemVerdicts

MEASURES = ("code_accuracy_macro", "ut_accuracy_reference_requested", "ut_accuracy_estimate_extracted")


def by_group(
    problems: Sequence[ProblemVerdicts], groups: Sequence[str], options: ScoreOptions
) -> dict[str, dict[str, Scored]]:
    """Measures of each group, in order of first appearance: MEASURES, and best-of-n by tests passed.

    `best_of_n` is computed for the last (n, m) of `options.pairs` with m > 0, and left out where there is none.

    `groups` names the group of each problem; problems with an empty name are in no group.
    """
    members: dict[str, list[ProblemVerdicts]] = {}
    for problem, group in zip(problems, groups, strict=True):
        if group:
            members.setdefault(group, []).append(problem)
    return {group: _scored(judge_all(chosen, options.max_test), options) for group, chosen in members.items()}


def _scored(judged: Sequence[Judged], options: ScoreOptions) -> dict[str, Scored]:
    every: dict[str, Measure] = code_accuracy(judged) | test_accuracy(judged)
    named = {name: every[name] for name in MEASURES}
    for n, m in options.pairs:
        if m:
            estimates = by_tests_passed(judged, [n], [m], options.sampling)
            named["best_of_n"] = means(judged, estimates.values[:, 0, 0])
    spreads = intervals(list(named.values()), options.bootstrap)
    return {name: scored(measure, spread) for (name, measure), spread in zip(named.items(), spreads, strict=True)}
