"""Names of tests that are equal in two runs, although ids may hold times, addresses and escape sequences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"), "<date>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b0x[0-9a-fA-F]{6,16}\b"), "<address>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<uuid>"),
    (re.compile(r"\b1[5-9]\d{8}(?:\.\d+|\d{3}|\d{6}|\d{9})?\b"), "<now>"),
    (re.compile(r"/tmp/[\w./-]+"), "<temporary>"),
)
"""Parts of ids that differ from run to run, and what stands for them: dates, times, addresses, seconds since 1970."""
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def stable_id(node_id: str) -> str:
    """The id without what changes from run to run; control characters are written as `\\x1b`."""
    plain = ILLEGAL.sub(lambda found: ascii(found[0])[1:-1], node_id)
    head, bracket, parameters = plain.partition("[")
    for pattern, stands in CHANGING:
        parameters = pattern.sub(stands, parameters)
    return head + bracket + parameters


def stable_ids(node_ids: Iterable[str]) -> list[str]:
    """A stable id for each test; of several equal ones, the second and later ones get `#2`, `#3` in their order."""
    seen: Counter[str] = Counter()
    found = []
    for node_id in node_ids:
        name = stable_id(node_id)
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return found


def junit_name(node_id: str) -> tuple[str, str]:
    """The `classname` and `name` that pytest's JUnit report has for a node id."""
    address, bracket, parameters = node_id.partition("[")
    parts = address.split("::")
    parts[0] = re.sub(r"\.py$", "", parts[0].replace("/", "."))
    parts[-1] += bracket + parameters
    return ".".join(parts[:-1]), parts[-1]
