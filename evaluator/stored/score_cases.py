"""`eval score` and `eval compare`: metrics of files of stored tables (`cure/metrics/case_file.py`), and of runs.

The result of scoring is a list, one entry for each case or run, in order. Each entry has `name`, `config` and `lacks`
(what is missing, in words). The modes `release` and `both` add `printed`, `counts`, `error` and `reason`; the modes
`standard` and `both` add `standard`, with `selection`, `coverage`, `values`, `best_of_n` and others. Where CURE's
released code (`cure.metrics.release`) would raise an exception, `error` names the exception, `reason` says why, and
numbers that were not printed are null.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal

from cure.case_file import read_json
from cure.errors import ProblemError
from cure.metrics import release, standard
from cure.metrics.best_of_n import Sampling
from cure.metrics.case import ScoredCase
from cure.metrics.case_file import load_cases
from cure.metrics.comparison import compare
from cure.metrics.intervals import Bootstrap
from evaluator.run.directory import RunDirectory
from evaluator.run.verdicts import case_in, case_of

Result = dict[str, Any]
Mode = Literal["release", "standard", "both"]


def read_cases(path: str) -> list[ScoredCase]:
    """The cases of a case file, or one case: of a run's directory, or of a file with an execution table on each line.

    Raises ProblemError that names the file and what is wrong in it.
    """
    if Path(path).is_dir():
        return [case_of(RunDirectory(Path(path)))]
    if path.endswith((".jsonl", ".jsonl.gz")):
        return [case_in(Path(path))]
    return load_cases(read_json(path), path)


def score_cases(path: str, mode: Mode = "both", sampling: Sampling | None = None) -> list[Result]:
    """One result per case, in order; raises ProblemError that names what cannot be read or scored."""
    return [_result(case, path, mode, sampling or Sampling()) for case in read_cases(path)]


def compare_cases(paths: Sequence[str], case: str | None = None, sampling: Sampling | None = None) -> list[Result]:
    """The comparisons of each further file or run with the first, on the problems that all of them have.

    `case` is the name or number of the case to take from each file. Without `case`, the first case is taken, provided
    that all cases of the file share their problems. Raises ProblemError where there is nothing to compare, or two runs
    are not comparable.
    """
    first, *others = (_chosen(read_cases(path), path, case) for path in paths)
    sampling = sampling or Sampling()
    everywhere = set.intersection(*({problem.name for problem in found.problems} for found in (first, *others)))
    results = []
    for path, other in zip(paths[1:], others, strict=True):
        pairs = tuple(pair for pair in first.options.scale_tuple_list if pair in other.options.scale_tuple_list)
        options = standard.ScoreOptions(pairs=pairs, sampling=sampling, bootstrap=Bootstrap(seed=sampling.seed))
        # Two runs are compared as they are: `compare` counts the problems that only one of them has.
        a, b = (first, other) if len(others) == 1 else (_within(found, everywhere) for found in (first, other))
        try:
            compared = compare(a, b, options, len(others))
        except ProblemError as error:
            raise ProblemError(f"{paths[0]} and {path}: {error}" if len(others) > 1 else str(error)) from None
        names = {"a": paths[0], "b": path, "max_test": first.max_test}
        results.append(names | dataclasses.asdict(compared))
    return results


def _within(case: ScoredCase, names: Collection[str]) -> ScoredCase:
    """The case with only those of its problems that have these names."""
    return dataclasses.replace(case, problems=[problem for problem in case.problems if problem.name in names])


def _chosen(cases: Sequence[ScoredCase], path: str, name: str | None) -> ScoredCase:
    if not cases:
        raise ProblemError(f"{path}: has no case to compare")
    if name is not None:
        named = [case for index, case in enumerate(cases) if name in (case.name, str(index))]
        if not named:
            raise ProblemError(f"{path}: has no case {name!r}; there are: {_names(cases)}")
        return named[0]
    if any(case.problems is not cases[0].problems for case in cases[1:]):
        raise ProblemError(f"{path}: has {len(cases)} cases; choose one with --case: {_names(cases)}")
    return cases[0]


def _names(cases: Sequence[ScoredCase]) -> str:
    return ", ".join(case.name or str(index) for index, case in enumerate(cases))


def _result(case: ScoredCase, path: str, mode: Mode, sampling: Sampling) -> Result:
    result: Result = {"name": case.name, "config": dataclasses.asdict(case.options), "lacks": case.lacks}
    if mode != "standard":
        result |= _released(case, path, mode)
    if mode != "release":
        result["standard"] = _standard(case, sampling)
    return result


def _released(case: ScoredCase, path: str, mode: Mode) -> Result:
    if failure := case.sandbox_failure():
        where = f"{path}: {case.name}" if case.name else path
        reason = f"{where}: {failure} has a cell the sandbox failed on, which the released code does not know"
        if mode == "release":
            raise ProblemError(reason)
        return {"printed": None, "counts": None, "error": None, "reason": reason}
    scored = dataclasses.asdict(release.score(case.problems, case.options))
    return {key: scored[key] for key in ("printed", "counts", "error", "reason")}


def _standard(case: ScoredCase, sampling: Sampling) -> Result:
    options = standard.ScoreOptions(
        max_test=case.max_test,
        pairs=case.options.scale_tuple_list,
        sampling=sampling,
        bootstrap=Bootstrap(seed=sampling.seed),
    )
    used = "all" if case.max_test is None else f"the first {case.max_test}"
    selection = {"hidden_tests": used, "data": case.data, "checker": case.checker}
    asked = {"sampling": dataclasses.asdict(options.sampling), "bootstrap": dataclasses.asdict(options.bootstrap)}
    scored = dataclasses.asdict(standard.score(case.problems, options))
    return {"selection": selection} | asked | scored
