"""Messages about weights that do not fit a model."""

from __future__ import annotations

import difflib
from collections.abc import Container, Mapping, Sequence


def misfit(name: str, shape: Sequence[int], known: Mapping[str, Sequence[int]], left: Container[str]) -> str:
    """Why a weight of this name and shape is not one of those `left` to come, of the `known`; empty if it is."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        return f"the model has no weight {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if name not in left:
        return f"weight {name!r} came twice"
    if tuple(shape) != tuple(known[name]):
        return f"weight {name!r} has shape {_sizes(shape)}, the model's has {_sizes(known[name])}"
    return ""


def missing(names: Sequence[str]) -> str:
    """The message for weights that did not come."""
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"weight {names[0]!r}{others} did not come"


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "of a single number"
