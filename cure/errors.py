"""The error for files, names and options of a user that cannot be used."""

import difflib
from collections.abc import Iterable


class ProblemError(Exception):
    """A file, name or option cannot be used; the message says which and, for a file, in what row and field.

    The command exits with 2.
    """

    exit_code = 2


def unknown_name(kind: str, name: str, known: Iterable[str]) -> ProblemError:
    """The error for a name that is not known: it suggests the nearest known one, else lists all."""
    names = list(known)
    nearest = difflib.get_close_matches(name, names, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"known: {', '.join(names)}"
    return ProblemError(f"unknown {kind} {name!r}; {hint}")
