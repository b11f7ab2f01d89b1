"""Mends sources that do not compile, recognises prose after a program, and finds programs in JSON."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\u00ad]")
_BLANKS = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2032": "'", "\u2033": '"'})
_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)(?: (?P<code>.*)|(?P<blank>[ \t]*))")
_LINE_NUMBER = re.compile(
    r"[ \t]*(?P<number>\d{1,4})(?:[ \t]*[|:.)][ \t]?|[ \t])(?P<code>.*)|[ \t]*(?P<alone>\d{1,4})[|:.)]?"
)
_MARKUP = re.compile(r"[ \t]*(?:\*\*|#{2,} |<\||</?[a-z]|[-*+] |\d{1,2}[.)] |\[|\\|---|===|Input\b|Output\b)")
_CODE = re.compile(r"[()=\[\]{}]|^[ \t]*(?:import|from|def|class|for|while|if|elif|else|try|return|with)\b")
_PROSE = re.compile(r"(?:[^\W\d_][\w'-]*[,.:;]?[ \t]+){2,}[^\W\d_]")
_PROGRAM_KEYS = (
    "code",
    "program",
    "solution",
    "python_code",
    "python",
    "source",
    "source_code",
    "answer",
    "final_answer",
)
_OBJECTS_TRIED = 8


def mended_sources(source: str) -> Iterator[str]:
    """Sources that may be meant, in the order to try them: without HTML escapes, typographic characters, the prompts of
    an interactive session, or line numbers.
    """
    if "&" in source and (plain := html.unescape(source)) != source:
        yield plain
    if not source.isascii():
        plain = _BLANKS.sub(" ", _INVISIBLE.sub("", source))
        yield plain
        yield plain.translate(_QUOTES)
    lines = source.split("\n")
    if ">>>" in source:
        typed = [found["code"] or "" for line in lines if (found := _PROMPT.fullmatch(line))]
        yield "\n".join(typed)
    numbered = [_LINE_NUMBER.fullmatch(line) for line in lines]
    numbers = [int(found["number"] or found["alone"]) for found in numbered if found]
    if len(numbers) == len(lines) > 1 and numbers == list(range(numbers[0], numbers[0] + len(lines))):
        yield "\n".join(found["code"] or "" for found in numbered if found)


def begins_prose(line: str) -> bool:
    """Whether a line, which does not compile, looks like the beginning of a model's remarks on its program."""
    return bool(_MARKUP.match(line)) or bool(_PROSE.search(line) and not _CODE.search(line))


def programs_in_json(text: str) -> Iterator[str]:
    """The texts under names such as `code` in JSON objects; each may be a program or an answer with fences.

    Only the first 8 opening braces that a quotation mark follows are tried.
    """
    starts = [found.start() for found in re.finditer(r'\{\s*"', text)][:_OBJECTS_TRIED]
    decoder, end = json.JSONDecoder(strict=False), -1
    for start in starts:
        if start < end:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        inner = value.get("arguments", value)
        for key in _PROGRAM_KEYS if isinstance(inner, dict) else ():
            if isinstance(inner.get(key), str):
                yield inner[key]
