"""Makes untrusted text safe to show on a terminal."""

from __future__ import annotations

import re

_HIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff\ud800-\udfff]")


def visible(text: str) -> str:
    r"""The text with control characters (all but newline and tab), lone surrogates and direction marks as \xNN or
    \uNNNN, so that a terminal shows every character, in the order of the text. A carriage return before a newline is
    removed.
    """
    return _HIDDEN.sub(_picture, text.replace("\r\n", "\n"))


def _picture(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
