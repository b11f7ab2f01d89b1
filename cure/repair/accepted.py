"""Whether a repair is accepted: it has to pass every trusted test that the candidate it repairs passes."""

from __future__ import annotations

from cure.table import AnyTable


def given_up(table: AnyTable, candidate: str) -> list[str]:
    """Names of the trusted tests that the candidate's parent passes and the candidate does not; empty without parent.

    A test on which the candidate was not run counts as not passed.
    """
    parent = table.candidates[candidate].parent
    if parent is None or parent not in table.candidates:
        return []
    return [
        name for name in table.names(trusted=True) if table.passes(parent, name) and not table.passes(candidate, name)
    ]


def accepted(table: AnyTable, candidate: str) -> bool:
    """Whether the candidate may itself be repaired: it is no repair, or a repair that gives up no trusted test."""
    return not given_up(table, candidate)
