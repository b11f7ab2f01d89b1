"""Finds the test in a tester's answer: an input and an output, each after a header, or as JSON.

How the data after a header is read:

* A fenced block gives exactly the lines between its fences. A known tag after the opening fence (`text`, `plaintext`,
  `input`, ...) is a tag, never data; any other text there is the first line of the data (```` ```3 ````).
* Without a fence, the text up to the next header, without blanks around it; an output with no header after it ends at
  the first empty line. Data in single backticks loses them.
* Backslash-n becomes a newline only if the data has no real newline, no other backslash and no quotes. Data quoted as
  a Python string that ends in backslash-n (the way examples are shown in a prompt) is read as that string.
* Data that is not empty ends with a newline.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from dataclasses import dataclass, replace

from cure.extract.headers import Header, headers
from cure.extract.result import Extracted, Note, Reason
from cure.fences import Fence, ends_with_fence, fence, without_closing, without_indent
from cure.problem import UnitTest

_PLAIN_TAGS = frozenset({"text", "txt", "plaintext", "plain"})
_CODE_TAGS = frozenset({"python", "python3", "py", "cpp", "c++", "c", "java", "javascript", "js"})
_TAGS = (
    _PLAIN_TAGS
    | _CODE_TAGS
    | frozenset({"input", "output", "in", "out", "stdin", "stdout", "data", "console", "shell", "bash", "sh"})
    | frozenset({"none", "json", "csv", "yaml", "yml", "markdown", "md", "ini", "log"})
)
_INPUT_KEYS = ("input", "test_input", "stdin")
_OUTPUT_KEYS = ("output", "test_output", "expected_output", "expected", "stdout")
_OBJECTS_TRIED = 16
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)


@dataclass(frozen=True)
class _Data:
    text: str
    closed: bool
    fenced: bool
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class _Pair:
    input: _Data
    output: _Data
    section: str
    notes: tuple[Note, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether both parts are there, and the output was not cut off inside its fence."""
        return self.output.closed and (self.output.fenced or bool(self.output.text.strip()))


def extract_test(text: str) -> Extracted[UnitTest]:
    """The last complete test of the answer, or the reason why there is none.

    The order: test headers, the JSON form, plain `Input:` and `Output:` headers. Thinking and carriage returns have
    been removed from `text`.
    """
    lines = text.split("\n")
    found = headers(lines)
    strong = [header for header in found if header.strong]
    kinds = {header.kind for header in strong}
    if kinds & {"input", "output"} and "output" not in kinds:  # "Expected Output:" may answer "Test Input:"
        strong = [header for header in found if header.strong or header.kind == "output"]
    by_headers = _from_headers(lines, strong) if kinds & {"input", "output"} else None
    if by_headers is not None and not by_headers.failed:
        return by_headers
    by_json = _from_json(text, lines)
    if by_json is not None and not (by_json.failed and by_headers is not None):
        return by_json
    if by_headers is not None:
        return by_headers
    return _from_headers(lines, found)


def mended(data: str) -> str:
    """The data of a fenced block as robust extraction reads it."""
    return _mended(data, True, True, ()).text


def _from_headers(lines: list[str], found: list[Header]) -> Extracted[UnitTest]:
    inputs = [header for header in found if header.kind == "input"]
    outputs = [header for header in found if header.kind == "output"]
    if not inputs or not outputs:
        reason = Reason.NO_OUTPUT if inputs else Reason.NO_INPUT if outputs else Reason.NO_TEST
        return Extracted(None, reason)
    pairs = _pairs(lines, found)
    if not pairs:
        return Extracted(None, Reason.SPLIT_TEST)
    complete = [pair for pair in pairs if pair.complete]
    chosen = (complete or pairs)[-1]
    if not chosen.output.fenced and not chosen.output.text.strip():
        return Extracted(None, Reason.NO_OUTPUT)
    earlier = (Note.EARLIER_PAIR,) if chosen is not pairs[-1] or _ends_with_input(found) else ()
    variant = () if all(header.exact for header in found) else (Note.HEADER_VARIANT,)
    return _checked(chosen, (*chosen.notes, *variant, *earlier))


def _ends_with_input(found: list[Header]) -> bool:
    kinds = [header.kind for header in found if header.kind != "explanation"]
    return kinds[-1] == "input" and kinds != ["output", "input"]


def _pairs(lines: list[str], found: list[Header]) -> list[_Pair]:
    """Each input with the output that follows before another input; if there is no such pair, the one reversed pair."""
    ends = [header.line for header in found[1:]] + [len(lines)]
    pairs: list[_Pair] = []
    pending: int | None = None
    for index, header in enumerate(found):
        if header.kind == "input":
            pending = index
        elif header.kind == "output" and pending is not None:
            pairs.append(_pair(lines, found, ends, pending, index))
            pending = None
    if not pairs and [header.kind for header in found if header.kind != "explanation"] == ["output", "input"]:
        output, given = (index for index, header in enumerate(found) if header.kind != "explanation")
        pairs.append(_pair(lines, found, ends, given, output, (Note.REVERSED_PAIR,)))
    return pairs


def _pair(
    lines: list[str], found: list[Header], ends: list[int], given: int, wanted: int, notes: tuple[Note, ...] = ()
) -> _Pair:
    first, last = min(given, wanted), len(found) - 1
    after = max(given, wanted) + 1
    while after < len(found) and found[after].kind == "explanation":
        after += 1
    following = found[after].line if after < len(found) else len(lines)
    return _Pair(
        _data(found[given].rest, lines[found[given].line + 1 : ends[given]], open_ended=False),
        _data(found[wanted].rest, lines[found[wanted].line + 1 : ends[wanted]], open_ended=wanted == last),
        "\n".join(lines[found[first].line : max(following, found[first].line + 1)]),
        notes,
    )


def _data(rest: str, body: list[str], open_ended: bool) -> _Data:
    """The data after a header, from the `rest` of its line and the lines up to the next header."""
    lines = [rest.strip(), *body]
    for number, line in enumerate(lines):
        opening = fence(line)
        if opening is None:
            continue
        before = "\n".join(lines[:number]).strip()
        block = _fenced(lines, number)
        if before and (opening.language in _CODE_TAGS or not (block.closed or block.text.strip())):
            return _plain(before, open_ended)  # a program, or a stray closing fence, after plain data
        return replace(block, notes=(*block.notes, Note.TEXT_BEFORE_FENCE)) if before else block
    return _plain("\n".join(lines).strip(), open_ended)


def _fenced(lines: list[str], number: int) -> _Data:
    """The block opened at line `number`, up to its closing fence or the end."""
    opening = fence(lines[number])
    assert opening is not None, "called at a fence"
    one_line = opening.info.endswith(opening.mark)
    first = opening.info[: -len(opening.mark)] if one_line else opening.info
    body, closed = ([], True) if one_line else _body(lines, number, opening)
    notes: tuple[Note, ...] = (Note.FENCE_VARIANT,) if opening.variant else ()
    if _begins_with_tag(first, opening.language, anything_else=any(line.strip() for line in body)):
        first = first[len(opening.language) :].strip()
        notes += (Note.LANGUAGE_TAG,)
    content = [first, *body] if first.strip() else body
    if closed:
        return _mended("\n".join(content), True, True, notes)
    return _mended("\n".join(content).rstrip(), False, True, (*notes, Note.UNCLOSED_FENCE))


def _body(lines: list[str], number: int, opening: Fence) -> tuple[list[str], bool]:
    """The lines after the opening fence, and whether a closing one ends them."""
    for at in range(number + 1, len(lines)):
        closing = fence(lines[at])
        if closing is not None and opening.closed_by(closing):
            return without_indent(lines[number + 1 : at], opening.indent), True
        if closing is None and ends_with_fence(lines[at], opening):
            body = [*lines[number + 1 : at], without_closing(lines[at], opening)]
            return without_indent(body, opening.indent), True
    return without_indent(lines[number + 1 :], opening.indent), False


def _begins_with_tag(first: str, language: str, anything_else: bool) -> bool:
    """Whether the text after a fence is a known tag with data after it. A lone `c` or `in` may be the data."""
    if language not in _TAGS or first[: len(language)].lower() != language:
        return False
    rest = first[len(language) :].strip()
    return bool(rest) != anything_else or (not rest and language in _PLAIN_TAGS)


def _plain(text: str, open_ended: bool) -> _Data:
    if open_ended:
        text = text.split("\n\n", 1)[0]
    notes: tuple[Note, ...] = (Note.NO_FENCE,)
    if len(text) > 1 and text[0] == text[-1] == "`" and "`" not in text[1:-1]:
        text, notes = text[1:-1], (Note.INLINE_CODE,)
    return _mended(text, True, False, notes)


def _mended(text: str, closed: bool, fenced: bool, notes: tuple[Note, ...]) -> _Data:
    data, mended = _unescaped(text)
    if data.strip("\n") == "" and "\n" not in data:
        data = ""
    elif not data.endswith("\n"):
        data += "\n"
    if "```" in data:
        mended += (Note.FENCE_INSIDE,)
    if data.partition("\n")[0].strip().lower() in _PLAIN_TAGS:
        mended += (Note.TAG_KEPT,)
    return _Data(data, closed, fenced, notes + mended)


def _unescaped(text: str) -> tuple[str, tuple[Note, ...]]:
    """`text` with newlines for backslash-n, where the rules above allow it."""
    data = text.strip("\n")
    if "\n" in data or "\\n" not in data:
        return text, ()
    if (unquoted := _unquoted(data.strip())) is not None:
        return unquoted, (Note.QUOTED_TEXT,)
    if '"' not in data and "'" not in data and all(match[1] == "n" for match in _ESCAPE.finditer(data)):
        return data.replace("\\n", "\n"), (Note.ESCAPED_NEWLINES,)
    return text, ()


def _unquoted(data: str) -> str | None:
    """The value of `data` as a Python string literal, if it is quoted and ends in backslash-n; else None."""
    if len(data) < 4 or data[0] not in "'\"" or data[-1] != data[0] or not data[:-1].endswith("\\n"):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about invalid escapes concern the model's answer
        try:
            value = ast.literal_eval(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return value if isinstance(value, str) else None


def _checked(pair: _Pair, notes: tuple[Note, ...]) -> Extracted[UnitTest]:
    given, expected = pair.input, pair.output
    if not given.text.strip() and not expected.text.strip():
        return Extracted(None, Reason.EMPTY_TEST, section=pair.section)
    empty_input = () if given.text.strip() else (Note.EMPTY_INPUT,)
    empty_expected = () if expected.text.strip() else (Note.EMPTY_EXPECTED,)
    everything = dict.fromkeys((*given.notes, *expected.notes, *notes, *empty_input, *empty_expected))
    return Extracted(UnitTest(given.text, expected.text), notes=tuple(everything), section=pair.section)


def _from_json(text: str, lines: list[str]) -> Extracted[UnitTest] | None:
    """The last JSON object that has an input and an output; None when there is no such object."""
    starts = [number for number, line in enumerate(lines) if line.lstrip()[:1] in ("{", "[")]
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    decoder = json.JSONDecoder()
    for number in reversed(starts[-_OBJECTS_TRIED:]):
        start = offsets[number] + len(lines[number]) - len(lines[number].lstrip())
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, list):
            value = value[-1] if value else None
        if not isinstance(value, dict):
            continue
        given = next((value[key] for key in _INPUT_KEYS if key in value), None)
        expected = next((value[key] for key in _OUTPUT_KEYS if key in value), None)
        if given is None or expected is None:
            continue
        return _json_test(given, expected, text[start:end])
    return None


def _json_test(given: object, expected: object, section: str) -> Extracted[UnitTest]:
    texts = [_json_text(value) for value in (given, expected)]
    if texts[0] is None or texts[1] is None:
        return Extracted(None, Reason.JSON_VALUE, section=section)
    whole = [text if not text or text.endswith("\n") else text + "\n" for text in texts if text is not None]
    data = [_Data(text, closed=True, fenced=True) for text in whole]
    return _checked(_Pair(data[0], data[1], section), (Note.JSON_FORM,))


def _json_text(value: object) -> str | None:
    """Text unchanged, numbers as JSON writes them, a list of these with one a line; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, list):
        parts = [_json_text(part) for part in value if not isinstance(part, list)]
        whole = [part for part in parts if part is not None]
        return "\n".join(whole) if len(whole) == len(value) else None
    return None
