"""The audit of generated tests in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from cure.audit import TestAudit
from cure.plain import visible
from cure.select.validity import BELIEVABLE


def audit_words(audit: TestAudit) -> str:
    """What one test is worth, in one line without its name."""
    return "; ".join([_says(audit), *_kills(audit), *_others(audit)])


def audit_lines(audits: Sequence[TestAudit]) -> list[str]:
    """Sentences on all tests of a run: which are worth believing, tell nothing apart or contradict each other."""
    new = [each for each in audits if each.repeats is None and not each.same_as]
    pairs = {tuple(sorted((each.test, other), key=_number)) for each in audits for other in each.contradicts}
    found = {
        "Generated tests worth believing that a program or mutant fails": [
            each.test for each in new if _believed(each) and not each.vacuous
        ],
        "Telling nothing apart, since every program and mutant passes them": [
            each.test for each in new if each.vacuous
        ],
        "Passed by no program": [each.test for each in new if each.failed_by_all],
        "The same as an earlier test": [f"{each.test} ({each.same_as[0]})" for each in audits if each.same_as],
        "Contradicting each other": [f"{one} and {other}" for one, other in sorted(pairs)],
    }
    return [f"{what}: {', '.join(names)}." for what, names in found.items() if names]


def audit_view(audits: Sequence[TestAudit]) -> Table:
    """A line for each test: its name, the probability that it is right, how many programs pass it, what it is worth."""
    view = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    view.add_column("test", no_wrap=True)
    view.add_column("P(right)", justify="right", no_wrap=True)
    view.add_column("passed by", justify="right", no_wrap=True)
    view.add_column("")
    for each in audits:
        right = "" if each.right is None or each.repeats else f"{each.right:.2f}"
        view.add_row(each.test, right, f"{each.passing} of {each.programs}", visible(audit_words(each)))
    return view


def audit_json(audits: Sequence[TestAudit]) -> dict[str, dict[str, Any]]:
    """The audit of each test by its name, as JSON values, with its words."""
    return {each.test: asdict(each) | {"vacuous": each.vacuous, "words": audit_words(each)} for each in audits}


def _says(audit: TestAudit) -> str:
    if audit.repeats is not None:
        return f"repeats the input of {audit.repeats}, no evidence"
    if audit.vacuous:
        return "tells nothing apart"
    if audit.failed_by_all:
        return "no program passes it"
    if audit.right is None:
        return "nothing is known about it"
    return "worth believing" if _believed(audit) else "more probably wrong than right"


def _believed(audit: TestAudit) -> bool:
    return audit.right is not None and audit.right >= BELIEVABLE and not audit.failed_by_all


def _kills(audit: TestAudit) -> list[str]:
    said = [f"failed by {', '.join(audit.kills)}"] if audit.kills and not audit.failed_by_all else []
    if audit.mutants and audit.leader_passes:
        beyond = f", {audit.beyond_examples} of them missed by the examples" if audit.beyond_examples else ""
        said.append(f"kills {len(audit.mutants_killed)} of {audit.mutants} mutants{beyond}")
    return said


def _others(audit: TestAudit) -> list[str]:
    said = [f"the same as {', '.join(audit.same_as)}"] if audit.same_as else []
    return said + ([f"contradicts {', '.join(audit.contradicts)}"] if audit.contradicts else [])


def _number(name: str) -> tuple[str, int]:
    return name[:1], int(name[1:]) if name[1:].isdigit() else 0
