"""Puts a terminal back in order that screens of a killed process left behind.

While a terminal has screens, a file named after it is kept locked in the state folder. A file that nobody locks any
more tells the next `cure-agent` in this terminal that the process was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agent.runs.place import state_folder

RESET = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus, bracketed paste, resizes as input
    "\x1b[?2026l\x1b[<u"  # synchronised output, Kitty's keys
    "\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"  # wrapped lines, plain text, main screen, cursor
)
"""Ends every mode that screens set."""


@contextlib.contextmanager
def marked() -> Iterator[None]:
    """A context in which the terminal counts as one with screens; at its end the terminal is put back in order.

    Without a terminal, or where the mark cannot be written, nothing is marked.
    """
    descriptor = _terminal()
    mark = None if descriptor is None else _new_mark(descriptor)
    try:
        yield
    finally:
        if descriptor is not None and mark is not None:
            path, file, attributes = mark
            _restore(descriptor, attributes)
            path.unlink(missing_ok=True)
            os.close(file)


def restore() -> bool:
    """Whether this terminal was left by a killed process and is now in order again."""
    descriptor = _terminal()
    if descriptor is None:
        return False
    path = _mark(os.ttyname(descriptor))
    if not path.exists():
        return False
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _restore(descriptor, _attributes(os.read(file, 1 << 16)))
        path.unlink(missing_ok=True)
    except OSError:  # the screens are there, or the terminal is gone
        return False
    finally:
        os.close(file)
    return True


def _terminal() -> int | None:
    """Descriptor of the terminal on standard error or output; None without one."""
    for stream in (sys.__stderr__, sys.__stdout__):
        with contextlib.suppress(OSError, ValueError):
            if stream is not None and os.isatty(stream.fileno()):
                return stream.fileno()
    return None


def _mark(terminal: str) -> Path:
    return state_folder() / f"terminal{terminal.replace('/', '-')}"


def _new_mark(descriptor: int) -> tuple[Path, int, Any] | None:
    """Path and locked descriptor of the new mark, and the attributes of the terminal."""
    import termios

    path = _mark(os.ttyname(descriptor))
    try:
        attributes = termios.tcgetattr(descriptor)
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    except (OSError, termios.error):
        return None
    written = [[byte.decode("latin-1") if isinstance(byte, bytes) else byte for byte in attributes[6]]]
    with contextlib.suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(file, json.dumps(attributes[:6] + written).encode())
    return path, file, attributes


def _attributes(written: bytes) -> Any:
    """The terminal's attributes in a mark; None for a mark that was not written to its end."""
    try:
        *flags, characters = json.loads(written)
        return [*flags, [each.encode("latin-1") if isinstance(each, str) else each for each in characters]]
    except (ValueError, TypeError):
        return None


def _restore(descriptor: int, attributes: Any) -> None:
    """End all modes, and set the attributes that the terminal had. Raises OSError when the terminal is gone."""
    import termios

    os.write(descriptor, RESET.encode())
    if attributes is not None:
        with contextlib.suppress(termios.error, ValueError, TypeError):
            termios.tcsetattr(descriptor, termios.TCSANOW, attributes)
