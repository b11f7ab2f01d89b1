"""What was found in a file as JSON, for the cache."""

from __future__ import annotations

import json
from dataclasses import astuple

from agent.repository.source.symbols import Bag, Import, Parsed, Symbol


def to_json(parsed: Parsed) -> str:
    """Everything that was found, as compact JSON."""
    return json.dumps([
        [astuple(symbol) for symbol in parsed.symbols],
        [astuple(found) for found in parsed.imports],
        [[bag.name, bag.prose, bag.code] for bag in parsed.bags],
        parsed.broken,
    ], separators=(",", ":"))  # fmt: skip


def from_json(text: str) -> Parsed:
    """What `to_json` wrote. Raises ValueError, TypeError or KeyError for anything else."""
    symbols, imports, bags, broken = json.loads(text)
    return Parsed(
        tuple(
            Symbol(
                kind,
                name,
                first,
                last,
                signature=signature,
                decorators=tuple(decorators),
                doc=doc,
                defines=tuple(defines),
                uses=tuple(uses),
            )
            for kind, name, first, last, signature, decorators, doc, defines, uses in symbols
        ),
        tuple(Import(*found) for found in imports),
        tuple(Bag(*bag) for bag in bags),
        tuple((first, last) for first, last in broken),
    )
