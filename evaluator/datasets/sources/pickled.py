"""Reads a string from a pickle without unpickling it."""

from __future__ import annotations

import pickletools

_STRINGS = frozenset({"UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"})
_AROUND = frozenset({"PROTO", "FRAME", "PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE", "STOP"})


def pickled_string(data: bytes) -> str:
    """The one string in `data`, pickled by any protocol; raises ValueError for any other pickle.

    Opcodes are listed, never executed: a pickle that imports, calls or builds an object is refused.
    """
    found: list[str] = []
    end = 0
    try:
        for opcode, argument, position in pickletools.genops(data):
            if opcode.name in _STRINGS and isinstance(argument, str):
                found.append(argument)
            elif opcode.name not in _AROUND:
                raise ValueError(f"the pickle holds {opcode.name} at byte {position}, not a string alone; refused")
            end = (position or 0) + 1
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"not a pickle ({error})") from error
    if len(found) != 1:
        raise ValueError(f"the pickle holds {len(found)} strings, expected one")
    if end != len(data):
        raise ValueError("bytes follow the pickle")
    return found[0]
