"""The signature of a failure: candidates with the same signature fail the same test in the same way."""

from __future__ import annotations

from dataclasses import dataclass

from cure.table import AnyTable
from cure.table.compare import normalise
from sandbox import Verdict


@dataclass(frozen=True)
class Signature:
    """A failed test, and what the candidate did instead."""

    stimulus: str
    """Tokens of the test's input, or its command."""
    expected: str | None
    """Tokens of the expected output; None where the test itself says whether a candidate passes."""
    verdict: Verdict
    did: str
    """Tokens of the output where the verdict is `ok`, the name of the exception where it is `crash`; else empty."""


def signature(table: AnyTable, candidate: str, test: str) -> Signature | None:
    """The signature of the candidate's failure on the test; None where the candidate passes, where the result is not
    known (not run, or the sandbox failed), and for an input without a known output.
    """
    column, cell = table.tests[test], table.cells.get((candidate, test))
    if cell is None or not cell.known or cell.passed or not column.judges:
        return None
    # The reason of other verdicts, such as which clock ran out, may differ from one execution to the next.
    did = {Verdict.OK: cell.stdout, Verdict.CRASH: cell.reason}.get(cell.verdict, "")
    expected = None if column.expected is None else normalise(column.expected)
    return Signature(normalise(column.stimulus), expected, cell.verdict, normalise(did))
