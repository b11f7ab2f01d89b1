"""Views of data sets, problems and reports for the terminal. Text of a problem is never read as markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

from cure.problem import Problem, UnitTest
from cure.table import judging_of
from evaluator.datasets.check import CheckReport
from evaluator.terminal import plain, table

_LONGEST = 400
_MOST_LINES = 20


def summary(problems: Sequence[Problem], title: str, most: int) -> Table:
    """A table of the data set, with a row for each of its first `most` problems; 0 shows all."""
    rows = [
        (
            number,
            problem.name,
            len(problem.examples),
            len(problem.hidden),
            f"{problem.time_limit_s:g} s",
            judging_of(problem).name,
            "yes" if problem.reference else "-",
            _first_line(problem.question),
        )
        for number, problem in enumerate(problems[: most or None])
    ]
    hidden = sum(len(problem.hidden) for problem in problems)
    references = sum(bool(problem.reference) for problem in problems)
    caption = f"{len(problems)} problems, {hidden} hidden tests, {references} reference solutions"
    if len(rows) < len(problems):
        caption += f"; the first {len(rows)} are shown, --limit 0 shows all"
    columns = ("index", "name", "public", "hidden", "limit", "comparison", "reference", "statement")
    return table(title, columns, rows, caption)


def problem_view(problem: Problem, index: int) -> Group:
    """One problem: statement, limits, other fields, tests, reference solution."""
    parts: list[RenderableType] = [Panel(plain(problem.question.rstrip()), title=plain(f"{index}: {problem.name}"))]
    facts = [
        ("time limit", f"{problem.time_limit_s:g} s"),
        ("memory", f"{problem.memory_mb} MB"),
        ("comparison", judging_of(problem).name),
    ]
    facts += [(name, value) for name in ("difficulty", "date") if (value := getattr(problem, name))]
    facts += [(key, _short(str(value), 80)) for key, value in problem.extra.items()]
    if problem.submissions:
        facts.append(("labelled programs", str(len(problem.submissions))))
    parts.append(table("", ("field", "value"), facts))
    parts += _tests("public tests", problem.examples)
    parts += _tests("hidden tests", problem.hidden[:3])
    if len(problem.hidden) > 3:
        parts.append(plain(f"and {len(problem.hidden) - 3} more hidden tests"))
    if reference := problem.reference:
        parts += [plain("reference solution"), Padding(plain(reference.rstrip()), (0, 0, 0, 2))]
    return Group(*parts)


def report_view(report: CheckReport, name: str) -> list[RenderableType]:
    """The findings of a check, with every failure."""
    rate = report.reference_pass_rate
    passed = f"{report.references_passed} of {report.references - report.references_undecided}"
    slow = report.slowest
    rows: list[tuple[str, object]] = [
        ("problems", report.problems),
        ("hidden tests", report.hidden_tests),
        (
            "reference pass rate",
            f"none: {report.record()['reference_pass_rate_reason']}" if rate is None else f"{rate:.1%} ({passed})",
        ),
        ("reference solutions run under other hash seeds too", report.seeded),
        ("labelled programs", f"{report.programs_right} right, {report.programs_wrong} wrong"),
        ("labelled programs that contradict their label", len(report.mismatches)),
        (
            "slowest reference solution",
            f"{slow['cpu_s']:.2f} s of {slow['limit_s']:g} s ({slow['problem']}, {slow['test']})" if slow else "-",
        ),
        ("problems whose reference solution takes over half of the time limit", _named(report.close_to_limit)),
        ("public tests among the hidden", _counted(report.overlapping)),
        ("repeated hidden inputs", _counted(report.duplicated)),
        ("inputs with two expected outputs", _counted(report.contradicting)),
        ("empty expected outputs", _counted(report.empty_expected)),
        ("decimal fractions without a stated tolerance", _by_comparison(report.fractions_without_tolerance)),
        ("problems without hidden tests", _named(report.without_hidden_tests)),
    ]
    if report.sandbox_errors:
        undecided = f"{report.references_undecided} references, {report.programs_undecided} programs"
        rows += [
            ("executions on which the sandbox failed", report.sandbox_errors),
            ("undecided because of these executions", undecided),
        ]
    parts: list[RenderableType] = [table(name, ("", ""), rows), *_failures(report)]
    ran = report.references or report.programs_right or report.programs_wrong
    proof = "" if ran else ", but nothing was run: there are neither reference solutions nor labelled programs"
    parts.append(plain(f"the set is in order{proof}" if report.well else "the set is not in order"))
    return parts


def _by_comparison(comparisons: Mapping[str, str]) -> str:
    """The problems of each comparison as text; `comparisons` maps names of problems to their comparison."""
    names = {rule: [name for name, used in comparisons.items() if used == rule] for rule in comparisons.values()}
    return "; ".join(f"compared by {rule}: {_named(named)}" for rule, named in names.items()) or "0"


def _failures(report: CheckReport) -> list[RenderableType]:
    """Tables of the reference solutions and the labelled programs that are at fault."""
    parts: list[RenderableType] = []
    if report.reference_failures:
        columns = ("problem", "test", "seed", "verdict", "reason", "output", "expected")
        rows = [
            (f.problem, f.test, f.seed, f.verdict, f.reason, _short(repr(f.output), 60), _short(repr(f.expected), 60))
            for f in report.reference_failures
        ]
        parts.append(table("reference solutions that fail", columns, rows))
    if report.mismatches:
        heads = ("problem", "program", "label", "passed", "first failure")
        mismatches = [(m.problem, m.program, m.label, f"{m.passed} of {m.tests}", m.first) for m in report.mismatches]
        parts.append(table("programs that contradict their label", heads, mismatches))
    return parts


def conversion_view(summary: Mapping[str, Any]) -> list[RenderableType]:
    """The counts of a conversion, with every problem that was left out."""
    counts = [
        ("problems", summary["problems"]),
        ("converted", summary["converted"]),
        ("left out", summary["left_out"]),
        ("public tests", summary["examples"]),
        ("hidden tests", summary["tests"]),
        ("comparisons", ", ".join(f"{name} {count}" for name, count in summary["comparisons"].items())),
        ("tests left out", summary["tests_left_out"]),
    ]
    parts: list[RenderableType] = [table(str(summary["format"]), ("", ""), counts)]
    if summary["test_reasons"]:
        reasons = [(count, reason) for reason, count in summary["test_reasons"].items()]
        parts.append(table("tests left out", ("tests", "reason"), reasons))
    if summary["problems_left_out"]:
        rows = [(item["problem"], item["reason"], item["detail"]) for item in summary["problems_left_out"]]
        parts.append(table("problems left out", ("problem", "reason", "detail"), rows))
    return parts


def _tests(title: str, tests: Sequence[UnitTest]) -> list[RenderableType]:
    if not tests:
        return []
    made = Table(title=title, title_justify="left", show_lines=True)
    for column in ("", "input", "expected output"):
        made.add_column(column, overflow="fold")
    for number, test in enumerate(tests):
        made.add_row(str(number), plain(_cut(test.stdin)), plain(_cut(test.expected)))
    return [made]


def _cut(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    cut = "\n".join(lines[:_MOST_LINES])
    more = "\n..." if len(lines) > _MOST_LINES else ""
    return _short(cut, _LONGEST) + more


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _first_line(text: str) -> str:
    return _short(" ".join(text.split()), 60)


def _counted(found: Mapping[str, int]) -> str:
    if not found:
        return "0"
    return f"{sum(found.values())} in {len(found)} problems ({_few(list(found))})"


def _named(found: Sequence[str]) -> str:
    return f"{len(found)} ({_few(found)})" if found else "0"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
