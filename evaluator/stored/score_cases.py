"""`eval score` and `eval compare`: metrics over files of stored tables (their form: `cure/metrics/case_file.py`).

The result of scoring is a list, one entry per case or run, in order: `name`, `config`; in release mode `printed`,
`counts`, `error`, `reason`; in standard mode `standard` with `selection`, `coverage`, `values`, `best_of_n`. Where the
released code raises, `error` names its exception, what it never printed is null and `reason` says why.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from cure.errors import ProblemError
from cure.metrics import release, standard
from cure.metrics.best_of_n import Sampling
from cure.metrics.case_file import Case, load_cases
from cure.metrics.comparison import Run, compare
from cure.metrics.intervals import Bootstrap

Result = dict[str, Any]
Mode = Literal["release", "standard", "both"]


def score_cases(content: object, path: str, mode: Mode = "both", sampling: Sampling | None = None) -> list[Result]:
    """One result per case, in order; raises ProblemError for anything malformed."""
    return [_result(case, mode, sampling or Sampling()) for case in load_cases(content, path)]


def compare_cases(
    contents: tuple[object, object],
    paths: tuple[str, str],
    case: str | None = None,
    sampling: Sampling | None = None,
) -> Result:
    """The comparison of a case of each file: the one called `case`, by name or number, or the only one.

    The runs of one file share their problems; of these it is the first. Raises ProblemError when there is nothing to
    compare, and says what differs.
    """
    a, b = (_chosen(content, path, case) for content, path in zip(contents, paths, strict=True))
    pairs = tuple(pair for pair in a.settings.scale_tuple_list if pair in b.settings.scale_tuple_list)
    sampling = sampling or Sampling()
    settings = standard.Settings(pairs=pairs, sampling=sampling, bootstrap=Bootstrap(seed=sampling.seed))
    found = compare(_run(a), _run(b), settings)
    return {"a": paths[0], "b": paths[1], "max_test": a.settings.max_test} | dataclasses.asdict(found)


def _run(case: Case) -> Run:
    return Run(case.problems, case.settings.max_test, case.data, case.checker)


def _chosen(content: object, path: str, name: str | None) -> Case:
    cases = load_cases(content, path)
    if not cases:
        raise ProblemError(f"{path}: has no case to compare")
    if name is not None:
        named = [case for index, case in enumerate(cases) if name in (case.name, str(index))]
        if not named:
            raise ProblemError(f"{path}: has no case {name!r}; there are: {_names(cases)}")
        return named[0]
    if any(case.problems is not cases[0].problems and case.problems != cases[0].problems for case in cases[1:]):
        raise ProblemError(f"{path}: has {len(cases)} cases; choose one with --case: {_names(cases)}")
    return cases[0]


def _names(cases: list[Case]) -> str:
    return ", ".join(case.name or str(index) for index, case in enumerate(cases))


def _result(case: Case, mode: Mode, sampling: Sampling) -> Result:
    result: Result = {"name": case.name, "config": dataclasses.asdict(case.settings)}
    if mode != "standard":
        result |= _released(case, mode)
    if mode != "release":
        result["standard"] = _standard(case, sampling)
    return result


def _released(case: Case, mode: Mode) -> Result:
    if case.unknown:
        reason = f"{case.unknown} has a cell the sandbox failed on, which the released code does not know"
        if mode == "release":
            raise ProblemError(reason)
        return {"printed": None, "counts": None, "error": None, "reason": reason}
    scored = dataclasses.asdict(release.score(case.tables, case.settings))
    return {key: scored[key] for key in ("printed", "counts", "error", "reason")}


def _standard(case: Case, sampling: Sampling) -> Result:
    settings = standard.Settings(
        max_test=case.settings.max_test,
        pairs=case.settings.scale_tuple_list,
        sampling=sampling,
        bootstrap=Bootstrap(seed=sampling.seed),
    )
    selection = {"hidden_tests": f"the first {settings.max_test}", "data": case.data, "checker": case.checker}
    asked = {"sampling": dataclasses.asdict(settings.sampling), "bootstrap": dataclasses.asdict(settings.bootstrap)}
    scored = dataclasses.asdict(standard.score(case.problems, settings))
    return {"selection": selection} | asked | scored
