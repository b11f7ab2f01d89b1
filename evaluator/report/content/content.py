"""Computes the content of a report, in words and numbers, independent of any file format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cure.plain import visible
from evaluator.report.content.cost import cost, times
from evaluator.report.content.labels import COMPARISONS, RELEASE, failure_words
from evaluator.report.content.measures import Line, grids_of, line_of, lines_of, with_interval
from evaluator.report.content.paper import paper_table
from evaluator.report.content.parts import Content, Facts, Grouped
from evaluator.report.content.remarks import remarks
from evaluator.report.material.material import ROLES, Material
from evaluator.run.settings import RoleSettings


def content_of(material: Material) -> Content:
    """The content of the report of a run."""
    metrics = material.metrics
    missing = metrics["missing"]
    lines = lines_of(metrics["standard"]["values"], None if missing["complete"] else missing["problems"]["asked"])
    grids = grids_of(metrics["standard"]["best_of_n"])
    heads, costs, note = cost(material)
    return Content(
        title=_title(material),
        begun=str(material.config.get("begun", "")),
        run=_run(material),
        coverage=_coverage(material),
        remarks=tuple(visible(remark) for remark in remarks(material)),
        cards=_cards(material, {line.name: line for group in lines.values() for line in group}),
        groups=lines,
        grouped=tuple(_grouped(kind, groups) for kind, groups in metrics["groups"].items()),
        grids=grids,
        no_grids="" if grids else _no_grids(material),
        paper=paper_table(material),
        release=_release(material),
        release_note=_release_note(material),
        unread={
            kind: {
                failure_words(reason): count for reason, count in metrics["verdicts"][f"{kind}_not_extracted"].items()
            }
            for kind in ("programs", "tests")
        },
        cost=costs,
        cost_heads=heads,
        cost_note=note,
        times=times(material),
        problems=material.problems,
    )


def _title(material: Material) -> str:
    models = dict.fromkeys(role.model for role in material.settings.roles.values())
    who = " with tests by ".join(models) if models else "no model"
    return visible(f"{who} on {material.settings.dataset.rsplit('/', 1)[-1]}")


def _run(material: Material) -> Facts:
    settings, config = material.settings, material.config
    roles = [(name, _role(name, role)) for name, role in settings.roles.items()]
    absent = [(name, "no model was asked") for name in ROLES if name not in settings.roles]
    first = "" if settings.limit is None else f", the first {settings.limit} problems"
    versions, rules = config.get("versions", {}), material.metrics["limits"]["comparison"]
    facts = [
        *roles,
        *absent,
        ("data set", f"{settings.dataset}{first}"),
        ("SHA-256 of the data set", settings.data_sha256),
        ("begun", str(config.get("begun", "unknown"))),
        ("extraction", settings.extraction),
        ("comparison", _comparisons(rules or {settings.comparison: 0})),
        ("hidden tests", f"all are run and used; the release's metrics use the first {settings.max_test}"),
        ("public tests", "run too" if settings.public_tests else "not run"),
        ("time limit", _limits(material)),
        ("sandbox", f"{config.get('sandbox', 'unknown')}{', a fork for every execution' if settings.strict else ''}"),
        ("versions", ", ".join(f"{name} {number}" for name, number in versions.items()) or "unknown"),
    ]  # fmt: skip
    return [(name, visible(text)) for name, text in facts]


def _comparisons(problems: Mapping[str, int]) -> str:
    """The comparisons by which outputs were judged, with their meaning and numbers of problems."""
    said = []
    for name, count in problems.items():
        meaning = f": {COMPARISONS[name]}" if name in COMPARISONS else ""
        said.append(f"{name}{meaning} ({count:,} problem{'s' * (count != 1)})")
    return "; ".join(said)


def _role(name: str, role: RoleSettings) -> str:
    what = "programs" if name == "coder" else "tests"
    top_k = "" if role.top_k is None else f", top-k {role.top_k}"
    hidden = ", public examples not shown" if name == "tester" and role.hide_examples else ""
    return (
        f"{role.model}: {role.samples} {what} a problem, {role.style} prompts{hidden}, "
        f"temperature {role.temperature:g}, top-p {role.top_p:g}{top_k}, "
        f"at most {role.max_tokens:,} tokens, seed {role.seed}"
    )


def _limits(material: Material) -> str:
    limits = sorted({facts.limit_s for facts in material.problems})
    if not limits:
        return "–"
    spread = f"{limits[0]:g} s" if len(limits) == 1 else f"{limits[0]:g} to {limits[-1]:g} s"
    return f"{spread} of CPU; at least {material.settings.time_factor:g} times what the reference solution takes here"


def _coverage(material: Material) -> Facts:
    covered, reference = material.metrics["standard"]["coverage"], material.metrics["reference"]
    passing = reference["problems"] - len(reference["failing"])
    rate = (
        f"{reference['pass_rate']:.1%}: {passing} of {reference['problems']} pass all hidden tests here"
        if reference["pass_rate"] is not None
        else reference["reason"]
    )
    tests = covered["tests_requested"]
    return [
        ("reference solutions", rate),
        ("problems", f"{covered['problems']:,} of {material.metrics['problems_of_run']:,}"),
        (
            "problems with hidden tests",
            f"{covered['with_hidden_tests']:,}, with {covered['hidden_tests']:,} hidden tests",
        ),
        ("problems with an extracted program", f"{covered['with_programs']:,}"),
        ("problems with an extracted test", f"{covered['with_tests']:,}"),
        ("problems with a right program", f"{covered['with_right_program']:,}"),
        ("problems with a wrong program", f"{covered['with_wrong_program']:,}"),
        ("programs", _extracted(covered["programs"], covered["programs_not_extracted"])),
        ("tests", _extracted(tests, covered["tests_not_extracted"]) if tests is not None else "–"),
        ("truncated answers", _of_roles(material, "truncated")),
        ("answers", _answers(material.metrics["missing"])),
        ("executions", f"{material.metrics['executions']:,}"),
        ("programs given up after time-outs", _given_up(material.metrics["given_up"])),
        ("executions on which the sandbox failed", f"{material.metrics['missing']['executions']['lost']:,}"),
    ]


def _given_up(counts: Mapping[str, Any]) -> str:
    """Counts of programs given up after time-outs and of their executions not run, in words."""
    if counts["after"] is None:
        return "no program: all tests were run"
    share = "" if counts["share"] is None else f" ({counts['share']:.1%})"
    return (
        f"{counts['cells']:,} of {counts['of_cells']:,} executions{share} not run and so not passed; "
        f"programs given up: {counts['programs']:,}"
    )


def _extracted(answers: int, failed: int) -> str:
    share = f" ({failed / answers:.1%})" if answers and failed else ""
    return f"{answers - failed:,} extracted from {answers:,} answers, {failed:,}{share} not"


def _answers(missing: Mapping[str, Any]) -> str:
    """Numbers of answers received and asked for, by role, in words."""
    counts = [(role, missing[role]["answered"], missing[role]["asked"]) for role in ROLES if missing[role]["asked"]]
    return ", ".join(f"{role} {had:,} of {asked:,} ({had / asked:.1%})" for role, had, asked in counts) or "–"


def _of_roles(material: Material, what: str) -> str:
    counts = [(role, material.metrics["samples"][role]) for role in ROLES]
    said = [f"{role} {count[what]:,} of {count['samples']:,}" for role, count in counts if count["samples"]]
    return ", ".join(said) or "–"


def _cards(material: Material, lines: dict[str, Line]) -> tuple[Line, ...]:
    """The most important measures: some of `lines`, and best-of-n by `max-pass` for the largest numbers of programs and
    tests, which this function adds to `lines`.
    """
    tests = "ut_accuracy_reference_requested"
    if tests in lines and lines[tests].value is None:
        tests = "ut_accuracy_estimate_extracted"
    points = [point for point in material.metrics["standard"]["best_of_n"] if point["selector"] == "max-pass"]
    last = points[-1] if points and points[-1]["n"] > 1 else None
    at_n = "" if last is None else f"pass_at_{last['n']}"
    if last is not None and last["m"] > 0:
        words = (f"Best of {last['n']} by {last['m']} tests", "chosen by tests passed, in expectation over ties")
        gap = ("Share of the gap", "of what choosing could gain over a random program")
        missing = material.metrics["missing"]
        of_problems = None if missing["complete"] else missing["problems"]["asked"]
        lines["best_of_n"] = line_of("best_of_n", *words, last["best"], of_problems)
        lines["share_of_gap"] = line_of("share_of_gap", *gap, last["share_of_gap"], of_problems)
    new = ("ut_new_reference_requested", "distinct_inputs")
    shown = [name for name in new if name in lines and lines[name].value is not None]
    order = ("code_accuracy_macro", at_n, "best_of_n", "share_of_gap", tests, *shown, "mu", "p_01", "p_00")
    return tuple(lines[name] for name in order if name in lines)


_GROUP_HEADS = {
    "code_accuracy_macro": "code accuracy",
    "ut_accuracy_reference_requested": "test accuracy",
    "ut_accuracy_estimate_extracted": "test accuracy, estimate",
    "best_of_n": "best of n",
}


def _grouped(kind: str, groups: Mapping[str, Any]) -> Grouped:
    names = [name for name in _GROUP_HEADS if any(name in group["values"] for group in groups.values())]
    rows = (
        (visible(name), f"{group['problems']:,}", *(with_interval(group["values"].get(head)) for head in names))
        for name, group in groups.items()
    )
    return Grouped(kind, tuple(_GROUP_HEADS[name] for name in names), tuple(rows))


def _no_grids(material: Material) -> str:
    if material.settings.coder is None or not any(facts.programs for facts in material.problems):
        return "There are no programs to choose among."
    if material.settings.tester is None:
        return "No tests were asked for, so there is nothing to choose by: this is one-shot coding alone."
    if not material.metrics["missing"]["tester"]["answered"]:
        return "The tester gave no tests, so there is nothing to choose by."
    return "No program is judged, since no problem has hidden tests."


def _release(material: Material) -> str:
    """A line with the data set's name, and the lines that CURE's released code prints."""
    printed = material.metrics["release"]["printed"]
    lines = [f"data set: {material.settings.dataset}"]
    lines += [f"{words}: {printed[name]}" for name, words in RELEASE.items() if printed[name] is not None]
    lines += [
        f"BoN setting ({best['n']}, {best['m']}): acc: {best['acc']}, accumulate acc: {best['accumulate_acc']}"
        for best in printed["bon"]
        if best["acc"] is not None
    ]
    return visible("\n".join(lines))


def _release_note(material: Material) -> str:
    release = material.metrics["release"]
    if release["error"]:
        return f"The released code raises {release['error']}: {release['reason']}"
    return release["reason"] or ""
