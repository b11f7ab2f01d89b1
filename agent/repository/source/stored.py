"""What was found in a file as JSON, without the counts of terms, for the cache.

Names of one symbol are one string with spaces between, which is read much faster than a list.
"""

from __future__ import annotations

import json
from operator import attrgetter

from agent.repository.source.symbols import Import, Parsed, Symbol

_SYMBOL = attrgetter("kind", "name", "first", "last", "signature", "decorators", "doc")
_IMPORT = attrgetter("module", "name", "bound", "line")


def to_json(parsed: Parsed) -> str:
    """The symbols, imports and broken regions as compact JSON."""
    parts = [
        [(*_SYMBOL(symbol), " ".join(symbol.defines), " ".join(symbol.uses)) for symbol in parsed.symbols],
        list(map(_IMPORT, parsed.imports)),
        parsed.broken,
    ]
    return json.dumps(parts, separators=(",", ":"))


def from_json(text: str, terms: bytes) -> Parsed:
    """What `to_json` wrote, with these counts of terms. Raises ValueError, TypeError or KeyError for anything else."""
    symbols, imports, broken = json.loads(text)
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
                defines=tuple(defines.split()),
                uses=tuple(uses.split()),
            )
            for kind, name, first, last, signature, decorators, doc, defines, uses in symbols
        ),
        tuple(Import(*found) for found in imports),
        terms,
        tuple((first, last) for first, last in broken),
    )
