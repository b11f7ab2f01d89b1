"""Warnings about missing data and misleading data, shown before the numbers of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluator.report.material.material import ROLES, Material

_MOST_REASONS = 3
"""Maximum number of reasons that a warning about missing data names."""


def remarks(material: Material) -> list[str]:
    """The warnings, a sentence each, the most important first; empty where all is well."""
    metrics, problems = material.metrics, material.problems
    covered = metrics["standard"]["coverage"]
    found = [
        *_missing(metrics["missing"]),
        _nothing_to_judge(material),
        _no_tests(covered),
        _reference(material),
        _given_up(metrics["given_up"]),
        *(_truncated(role, metrics["samples"][role]) for role in ROLES),
        _counted(
            [facts.name for facts in problems if facts.overlaps], "In {} a public example is also a hidden test: {}"
        ),
        *(
            _counted(
                [facts.name for facts in problems if facts.lacks_tolerance and facts.comparison == rule],
                "In {} the expected output has decimal fractions, no tolerance is stated, and outputs are compared by "
                f"{rule}: {{}}",
            )
            for rule in dict.fromkeys(facts.comparison for facts in problems)
        ),
        _counted(
            [facts.name for facts in problems if facts.silent],
            "In {} a program that prints nothing passes a hidden test: {}",
        ),
    ]
    return [sentence for sentence in found if sentence]


def _missing(missing: Mapping[str, Any]) -> list[str]:
    """Warnings about answers and executions that the run lacks; missing ones count neither for nor against a model."""
    if missing["complete"]:
        return []
    problems, executions = missing["problems"], missing["executions"]
    evaluated = f"{problems['evaluated']:,} of {_some(problems['asked'], 'problem')} evaluated"
    found = [
        f"The run is not complete: {evaluated}, and all numbers cover only what the run has. The same command, given "
        "again, does what is missing."
    ]
    for role in ROLES:
        asked, answered, reasons = (missing[role][key] for key in ("asked", "answered", "reasons"))
        if answered < asked:
            why = "; ".join(f"{reason} ({count:,})" for reason, count in [*reasons.items()][:_MOST_REASONS])
            found.append(
                f"{_share(asked - answered, asked)} of the {role}'s answers are missing: {why or 'not asked for yet'}"
            )
    if lost := executions["lost"]:
        why = "; ".join([*executions["reasons"]][:_MOST_REASONS])
        neither = "which count neither for nor against a program"
        found.append(f"The sandbox failed, twice, on {_some(lost, 'execution')}, {neither}: {why}")
    if tables := executions["tables_not_run"]:
        found.append(f"The answers to {_some(tables, 'problem')} have not been run.")
    return found


def _nothing_to_judge(material: Material) -> str:
    covered = material.metrics["standard"]["coverage"]
    if not covered["problems"]:
        return "No problem has been evaluated yet."
    if not covered["programs"]:
        return "There are no programs: none were requested, or the model gave none."
    if not covered["with_hidden_tests"]:
        return "No problem has hidden tests, so no program can be called right or wrong."
    if covered["programs_not_extracted"] == covered["programs"]:
        return "No program could be read from the coder's answers; see why programs were not extracted."
    if not covered["with_right_program"]:
        return "No program passes all hidden tests, so nothing that is estimated by right programs has a value."
    return ""


def _no_tests(covered: dict[str, int]) -> str:
    if not covered["tests_requested"] or covered["tests_extracted"]:
        return ""
    return (
        "No test could be read from the tester's answers, so nothing chooses among programs; see why tests were not "
        "extracted."
    )


def _reference(material: Material) -> str:
    reference = material.metrics["reference"]
    if not reference["failing"]:
        return ""
    return (
        f"{len(reference['failing'])} of {reference['problems']} reference solutions do not pass their hidden tests "
        f"here, so the set or this machine is at fault: {_names(reference['failing'])}"
    )


def _given_up(counts: dict[str, Any]) -> str:
    if not counts["cells"]:
        return ""
    return (
        f"{_some(counts['programs'], 'program')} given up after {_some(counts['after'], 'time-out')} each: "
        f"{_share(counts['cells'], counts['of_cells'])} of the executions were not run and count as not passed."
    )


def _truncated(role: str, counts: Mapping[str, int]) -> str:
    if not counts["truncated"]:
        return ""
    return (
        f"{_share(counts['truncated'], counts['samples'])} of the {role}'s answers were cut at the maximum of tokens."
    )


def _share(count: int, total: int) -> str:
    return f"{count:,} ({count / total:.1%})"


def _counted(names: Sequence[str], words: str) -> str:
    return words.format(_some(len(names), "problem"), _names(names)) if names else ""


def _some(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _names(names: Sequence[str], most: int = 8) -> str:
    rest = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
