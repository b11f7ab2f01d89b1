"""Maps the judging of packages to comparisons: testlib's standard checkers, flags of the ICPC's default validator."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from cure.errors import ProblemError
from cure.table.compare import Flags, validator_flags

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
"""The nearest comparison of `cure.table.compare` to each of testlib's standard checkers."""


@dataclass(frozen=True)
class PackageJudging:
    """The comparison nearest to a package's judging."""

    comparison: str = ""
    """Empty where the run's default applies."""
    note: str = ""
    """How the comparison differs from the package's judging; empty where they agree."""


def checker_judging(checker: str) -> PackageJudging:
    """The comparison for a checker by its name or file, such as `std::wcmp.cpp`.

    The comparison is empty for no checker, and, with a note, for a checker that is not one of testlib's standard ones.
    """
    if not checker:
        return PackageJudging()
    standard = re.fullmatch(r"(?:std::|.*/)?(\w+)\.(?:cpp|cc|dpr)", checker)
    if standard and standard[1] in CHECKERS:
        return PackageJudging(CHECKERS[standard[1]])
    reason = "a program that cannot be run here; outputs are compared as tokens, and other right answers count as wrong"
    return PackageJudging(note=f"the checker {checker} is {reason}")


def validator_comparison(words: Sequence[str], where: str) -> str:
    """The comparison for flags of the ICPC's default validator. Raises ProblemError for flags that do not exist."""
    try:
        flags = validator_flags(words)
    except ProblemError as error:
        raise ProblemError(f"{where}: {error}") from None
    if flags == Flags():
        return "case-insensitive"
    if flags == Flags(case_sensitive=True):
        return "release"
    if flags.space_change_sensitive or not flags.case_sensitive:
        return f"validator({' '.join(words)})"
    following = dict(pairwise(words))
    both = following.get("float_tolerance", "0")
    absolute, relative = (following.get(f"float_{kind}_tolerance", both) for kind in ("absolute", "relative"))
    return f"float({absolute},{relative})"
