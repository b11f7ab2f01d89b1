"""Recognises lines that are labels, such as `Sample Input:`.

A label stands on a line of its own or before a colon that is followed by its data. It may be a heading, bold, a list
item, HTML, numbered or followed by a judge's "Copy" button; case, spaces and punctuation do not count.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from cure.problem.statement.words import INPUT_TAGS, LANGUAGES, OUTPUT_TAGS, STREAMS, TITLES, listed

Role = Literal["example", "input", "output", "explanation", "other"]

BOLD, PLAIN = 7, 8
"""Levels of labels that are bold lines and plain lines; headings have 1 to 6."""


TAGS: dict[str, Literal["input", "output"]] = {
    **dict.fromkeys(listed(INPUT_TAGS), "input"),
    **dict.fromkeys(listed(OUTPUT_TAGS), "output"),
}
"""Role of a fenced block by the fence's tag."""


@dataclass(frozen=True)
class Label:
    """A line that announces a part of the statement."""

    role: Role
    sample: bool = False
    """Whether the words themselves say that this is a sample, as in "Sample Input"."""
    rest: str = ""
    """Data after the colon."""
    level: int = PLAIN
    spoken: bool = False
    """Whether the label is a sentence, such as "If the input is:"."""


_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PUNCTUATION = re.compile(r"[^\w]+|_+")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,100}>")
_CLOSING = re.compile(r"^(?:</[a-z0-9]{1,10}>[ \t]*|<(?:code|span|samp|tt)>)+", re.IGNORECASE)
_CLOSED = re.compile(r"(?:</[a-z0-9]{1,10}>|<br ?/?>)+$", re.IGNORECASE)
_BEFORE = re.compile(
    r"(?:>[ \t]*)*(?P<heading>#{0,6})[ \t]*(?:[-+•][ \t]+|\*[ \t]+|\(?\d{1,2}(?:\.\d{1,2})*[.)][ \t]+)?"
)
_EMPHASISED = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?P<inside>[^*_]+)(?P=mark)(?P<rest>.*)")
_HEADING = re.compile(r"(#{1,6})[ \t]+[^\n]*?[^\W\d_]")
_LETTER = re.compile(r"[^\W\d_]")
_IF_INPUT = re.compile(
    r"(?:(?:for example|e\.?g\.?),? |(?:ex|example): ?)?(?:if|given|for|with|when) (?:the |this |an? )?"
    r"input (?:is|of|was|data is)?:?",
    re.IGNORECASE,
)
_THEN_OUTPUT = re.compile(
    r"(?:then |and |so )?(?:the |your )?(?:expected |correct |program'?s? )?"
    r"output (?:is|should be|would be|will be|must be):?",
    re.IGNORECASE,
)
_LONGEST = 90  # characters of a label


def core(text: str) -> str:
    """The normal form of a label's words: lower case, without its first number and without punctuation.

    Where there are Chinese, Japanese or Korean letters, spaces are removed too.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    words = _PUNCTUATION.sub(" ", _NUMBER.sub(" ", text, count=1).casefold())
    return "".join(words.split()) if _WIDE.search(words) else " ".join(words.split())


def _roles() -> dict[str, tuple[Role, bool]]:
    """Role of each phrase in its `core` form, and whether the phrase says that it is a sample."""
    found: dict[str, tuple[Role, bool]] = {}

    def put(role: Role, sample: bool, *phrases: str) -> None:
        found.update({core(phrase): (role, sample) for phrase in phrases})

    for words in LANGUAGES.values():
        samples = listed(words.sample)
        put("other", False, *listed(words.other))
        put("explanation", False, *listed(words.explanation))
        put("example", True, *samples, *listed(words.example))
        put("input", False, *listed(words.input))
        put("output", False, *listed(words.output))
        put("input", True, *listed(words.sample_input), *_both_ways(samples, listed(words.input)))
        put("output", True, *listed(words.sample_output), *_both_ways(samples, listed(words.output)))
    return found


def _both_ways(samples: tuple[str, ...], streams: tuple[str, ...]) -> list[str]:
    pairs = [(sample, stream) for sample in samples for stream in streams]
    return [f"{left} {right}" for pair in pairs for left, right in (pair, pair[::-1])]


_ROLES = _roles()
_COPY = tuple(word for words in LANGUAGES.values() for word in listed(words.copy))
_NOTHING = frozenset(core(phrase) for words in LANGUAGES.values() for phrase in listed(words.nothing))
_OUTPUTS = "|".join(re.escape(word) for words in LANGUAGES.values() for word in listed(words.output))
_OUTPUT_BEHIND = re.compile(
    rf"(?:[\s,;|/→⇒]|[-=]>)+[*_]{{0,2}}(?:{_OUTPUTS})[*_]{{0,2}}[:：][*_]{{0,2}}", re.IGNORECASE
)
_STREAMS = frozenset(listed(STREAMS))
_TITLES = tuple(f"{title} " for title in listed(TITLES))
_LONGEST_LINE = 400  # characters of a line in which a label is looked for


def label(line: str) -> Label | None:
    """The line as a label; None for any other line."""
    text = _without_tags(line.strip())
    before = _BEFORE.match(text)
    assert before is not None  # every part of the pattern may be empty
    text, level = text[before.end() :], len(before["heading"]) or PLAIN
    if not text:
        return None
    bold = _EMPHASISED.fullmatch(text)
    left, rest = _at_bracket(text) or _at_colon(bold["inside"] if bold else text)
    if bold:
        rest = f"{rest} {bold['rest'].lstrip(':：')}".strip()
        level = min(level, PLAIN if rest else BOLD)
    if len(left) > _LONGEST:
        return None
    words = core(left)
    role, sample = _role(words, left)
    if role is None:
        return _other_label(words, text, level)
    if role != "example" or not rest:
        return Label(role, sample, rest, level)
    inside_left, inside_rest = _at_colon(rest)
    inside, _ = _role(core(inside_left), inside_left)
    if inside in ("input", "output"):
        return Label(inside, True, inside_rest, level)
    titled = level < PLAIN or bool(bold) or (words in ("example", "sample") and left.strip()[-1:].isdigit())
    return Label(role, sample, level=level) if titled else None


def _without_tags(text: str) -> str:
    """The text without HTML in and around its label; data after a colon keeps tags inside it."""
    if "<" not in text:
        return text
    left, rest = _at_colon(text)
    if not rest:
        return _TAG.sub("", text[:_LONGEST_LINE]) + text[_LONGEST_LINE:]
    return f"{_TAG.sub('', left)}: {_CLOSED.sub('', _CLOSING.sub('', rest, count=1), count=1)}"


def split_at_output(rest: str) -> tuple[str, str]:
    """Input and output, where both follow a label for input as in `5, Output: 10`; else the text and no output."""
    found = _OUTPUT_BEHIND.search(rest)
    return (rest[: found.start()].rstrip(" ,;|/"), rest[found.end() :].strip()) if found else (rest, "")


def is_nothing(text: str) -> bool:
    """Whether the text says that there is no input."""
    return len(text) <= _LONGEST and (core(text) in _NOTHING or text.strip() in ("-", "—", "–"))


def is_stream(text: str) -> bool:
    """Whether the text only names a stream or file of input or output, such as `stdin`."""
    return len(text) <= _LONGEST and core(text) in _STREAMS


def is_copy_button(line: str) -> bool:
    """Whether the line is the text of a judge's copy button."""
    return core(line[:_LONGEST]) in _COPY


def heading_level(line: str) -> int:
    """1 to 6 for a Markdown heading, 7 for a bold line, 0 for anything else; both need a letter."""
    text = line[:_LONGEST_LINE].strip()
    if text[:1] == "#":
        found = _HEADING.match(text)
        return len(found[1]) if found else 0
    bold = _EMPHASISED.fullmatch(text) if text[:2] in ("**", "__") else None
    is_bold = bold and len(bold["mark"]) > 1 and not bold["rest"].strip(" :：") and _LETTER.search(bold["inside"])
    return BOLD if is_bold else 0


def _at_colon(text: str) -> tuple[str, str]:
    """The texts before and after the first colon; the whole text and an empty one where no colon is near the start."""
    at = next((at for at, character in enumerate(text[: _LONGEST + 1]) if character in ":："), None)
    if at is None:
        return text, ""
    return text[:at], text[at + 1 :].strip()


def _at_bracket(text: str) -> tuple[str, str] | None:
    """The texts in and after the brackets 【】 that the text begins with; None where it begins with none."""
    inside, bracket, rest = text[1 : _LONGEST + 2].partition("】")
    return (inside, rest.lstrip(":： ") + text[_LONGEST + 2 :]) if text[0] == "【" and bracket else None


def _role(words: str, left: str) -> tuple[Role | None, bool]:
    """The role of words in their `core` form, or None, and whether they say that this is a sample.

    A remark in brackets and a copy button after the words are ignored.
    """
    if words in _ROLES:
        return _ROLES[words]
    if "(" in left or "（" in left:
        without = core(re.sub(r"[(（][^()（）]*[)）]", " ", left))
        if without in _ROLES:
            return _ROLES[without]
    for button in _COPY:
        if words.endswith(button) and (without := words[: -len(button)].strip()) in _ROLES:
            return _ROLES[without]
    return None, False


def _other_label(words: str, text: str, level: int) -> Label | None:
    """The label in a heading or bold line that begins with a word for "example", or in a sentence such as "If the input
    is:"; None for any other line.
    """
    if level <= BOLD and words.startswith(_TITLES):
        return Label("example", True, level=level)
    if len(text) > _LONGEST or not text.isascii():
        return None
    if _IF_INPUT.fullmatch(text):
        return Label("input", True, level=level, spoken=True)
    return Label("output", True, level=level, spoken=True) if _THEN_OUTPUT.fullmatch(text) else None
