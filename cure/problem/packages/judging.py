"""Maps the judging of packages to comparisons: testlib's standard checkers, flags of the ICPC's default validator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cure.errors import ProblemError

CHECKERS = {
    "wcmp": "release",  # sequences of tokens
    "ncmp": "release",  # sequences of integers
    "icmp": "release",  # an integer
    "hcmp": "release",  # a big integer
    "casencmp": "release",  # integers of several test cases
    "casewcmp": "release",  # tokens of several test cases
    "caseicmp": "release",  # an integer of each of several test cases
    "fcmp": "lines",  # lines as they are
    "lcmp": "lines",  # lines by their tokens
    "yesno": "case-insensitive",
    "nyesno": "case-insensitive",
    "uncmp": "unordered-tokens",
    "rcmp": "float(1.5e-6,0)",
    "acmp": "float(1.5e-6,0)",
    "rncmp": "float(1.5e-5,0)",
    "dcmp": "float(1e-6,1e-6)",
    "rcmp4": "float(1e-4,1e-4)",
    "rcmp6": "float(1e-6,1e-6)",
    "rcmp9": "float(1e-9,1e-9)",
}
"""The nearest comparison to each of testlib's standard checkers."""

_FLAGS = ("case_sensitive", "space_change_sensitive")
_TOLERANCES = ("float_tolerance", "float_absolute_tolerance", "float_relative_tolerance")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True)
class PackageJudging:
    """The comparison nearest to a package's judging."""

    comparison: str = ""
    """Empty where the run's default applies."""
    note: str = ""
    """How the comparison differs from the package's judging; empty where they agree."""


def checker_judging(checker: str) -> PackageJudging:
    """The comparison for a checker by its name or file, such as `std::wcmp.cpp`; empty for no checker."""
    if not checker:
        return PackageJudging()
    standard = re.fullmatch(r"(?:std::|.*/)?(\w+)\.(?:cpp|cc|dpr)", checker)
    if standard and standard[1] in CHECKERS:
        return PackageJudging(CHECKERS[standard[1]])
    reason = "a program that cannot be run here; outputs are compared as tokens, and other right answers count as wrong"
    return PackageJudging(note=f"the checker {checker} is {reason}")


def validator_judging(flags: Sequence[str], where: str) -> PackageJudging:
    """The comparison for flags of the ICPC's default validator. Raises ProblemError for flags that do not exist."""
    found: dict[str, str] = {}
    rest = iter(flags)
    for flag in rest:
        if flag in _FLAGS:
            found[flag] = "yes"
        elif flag in _TOLERANCES:
            found[flag] = next(rest, "")
            if not _NUMBER.fullmatch(found[flag]):
                raise ProblemError(f"{where}: {flag} is followed by {found[flag]!r}, expected a number")
        else:
            raise ProblemError(f"{where}: unknown flag {flag!r}; known: {', '.join((*_FLAGS, *_TOLERANCES))}")
    both = found.get("float_tolerance", "0")
    absolute = found.get("float_absolute_tolerance", both)
    relative = found.get("float_relative_tolerance", both)
    exact_case = "case_sensitive" in found
    if any(flag in found for flag in _TOLERANCES):
        note = (
            "" if exact_case else "upper and lower case count where numbers have a tolerance; the package ignores them"
        )
        return PackageJudging(f"float({absolute},{relative})", note)
    if "space_change_sensitive" in found:
        return PackageJudging(
            "lines", "" if exact_case else "upper and lower case count here; the package ignores them"
        )
    return PackageJudging("release" if exact_case else "case-insensitive")
