"""Reads the report that pytest writes with `--junitxml`."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What the report says of a test, as far as pytest tells things apart there."""

    PASSED = "passed"
    NOT_PASSED = "not passed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class JunitReport:
    """Outcomes by (`classname`, `name`); of a name that occurs several times, how often with each outcome."""

    cases: dict[tuple[str, str], Counter[Outcome]]


def read_junit(data: bytes) -> JunitReport | None:
    """The report; None where the bytes are no report, or have a document type, which pytest never writes."""
    from xml.etree import ElementTree

    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError):
        return None
    cases: dict[tuple[str, str], Counter[Outcome]] = {}
    for case in root.iter("testcase"):
        tags = {child.tag for child in case}
        outcome = Outcome.PASSED
        if tags & {"failure", "error"}:
            outcome = Outcome.NOT_PASSED
        elif "skipped" in tags:
            outcome = Outcome.SKIPPED
        cases.setdefault((case.get("classname") or "", case.get("name") or ""), Counter())[outcome] += 1
    return JunitReport(cases)
