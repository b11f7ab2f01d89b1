"""Messages about weights that do not fit a model."""

from __future__ import annotations

import difflib
from collections.abc import Container, Mapping, Sequence


def misfit(name: str, shape: Sequence[int], known: Mapping[str, Sequence[int]], left: Container[str]) -> str:
    """Why a weight cannot be accepted: an unknown or repeated name, or a wrong shape; else an empty text.

    `known` has the shapes of all weights by name, `left` the names of the weights that have not been given yet.
    """
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        return f"the model has no weight {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if name not in left:
        return f"weight {name!r} was given twice"
    if tuple(shape) != tuple(known[name]):
        return f"weight {name!r} has shape {_sizes(shape)}, the model's has {_sizes(known[name])}"
    return ""


def missing(names: Sequence[str]) -> str:
    """The error message for weights that were not given."""
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"no weight was given for {names[0]!r}{others}"


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "of a single number"
