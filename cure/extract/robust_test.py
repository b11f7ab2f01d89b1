"""Finds the test in a tester's answer: an input and an output, each after a header, as JSON, or in a form of
`cure.extract.other_tests`.

`cure.extract.data` reads the data after a header. Headers inside a closed fenced block are data, unless outside such
blocks the input or the output has no header, or the headers are plain and lack the word "test" that those inside have.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from cure.extract.data import CODE_TAGS, Data, data_after, fenced_block
from cure.extract.headers import Header, header_at, headers
from cure.extract.other_tests import other_test
from cure.extract.result import Extracted, Note, Reason
from cure.fences import Fence, fence, open_after
from cure.problem import UnitTest

_INPUT_KEYS = ("input", "test_input", "stdin")
_OUTPUT_KEYS = ("output", "test_output", "expected_output", "expected", "stdout")
_QUOTE_FENCE = re.compile(r"^(?:\'{3}|\"{3}|``)$", re.MULTILINE)
_RESULT_HEADER = re.compile(r"^([#*_ \t]*)(?:the )?(?:final |correct )?(?:answer|result)(?=[*_ \t]*:)", re.I | re.M)
_OBJECTS_TRIED = 16
_LONGEST_REMARK = 500  # characters of a line in which words of correction are looked for
_TAKES_BACK = re.compile(
    r"\b(?:wait|hold on|mistake|correction|corrected|correct (?:\w+ )?(?:output|answer|result)|sorry|oops|apolog\w+"
    r"|wrong|incorrect|let me (?:re\w+|correct|fix))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Pair:
    input: Data
    output: Data
    section: str
    notes: tuple[Note, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the output is there: a closed fenced block, or text without a fence that is not blank."""
        return self.output.closed and (self.output.fenced or bool(self.output.text.strip()))


def extract_test(text: str) -> Extracted[UnitTest]:
    """The last test of the answer whose output is complete (a closed fenced block, or text without a fence); else the
    last test, if its output has text in a block that is never closed; the reason where the answer has neither.

    These forms are tried in order: headers that say "test", JSON, plain `Input:` and `Output:` headers, the forms of
    `cure.extract.other_tests`. The caller has removed thinking and carriage returns from `text`.
    """
    if "```" not in text and len(_QUOTE_FENCE.findall(text)) > 1:
        text = _QUOTE_FENCE.sub("```", text)
    found = _in_asked_forms(text)
    if not found.failed or found.reason == Reason.EMPTY_TEST:
        return found
    if found.reason == Reason.NO_OUTPUT:
        with_result = _in_asked_forms(_RESULT_HEADER.sub(r"\1Test Output", text))
        found = found if with_result.failed else with_result
    test = other_test(text) if found.failed else None
    return found if test is None else Extracted(test, notes=(Note.OTHER_FORM,), section=text)


def _in_asked_forms(text: str) -> Extracted[UnitTest]:
    lines = _with_first_header(text.split("\n"))
    found = _headers(lines)
    kinds = {header.kind for header in found if header.strong} - {"explanation"}
    # "Expected Output:" may follow "Test Input:", and "Input:" may come before "Test Output:".
    missing = {"input", "output"} - kinds
    strong = [
        header
        for header in found
        if header.strong or header.kind in missing or (header.corrects and header.kind == "output")
    ]
    by_headers = _from_headers(lines, strong) if kinds else None
    if by_headers is not None and not by_headers.failed:
        return by_headers
    by_json = _from_json(lines)
    if by_json is not None and not (by_json.failed and by_headers is not None):
        return by_json
    return _from_headers(lines, found) if by_headers is None else by_headers


def _with_first_header(lines: list[str]) -> list[str]:
    """The lines, preceded by an input's header and a fence if the answer seems to continue a prompt that ended with
    these two.
    """
    first = next((number for number, line in enumerate(lines) if header_at(line)), 0)
    before = [line for line in lines[:first] if line.strip()]
    marks = [mark for line in before if (mark := fence(line))]
    begins = first and len(before) > 1 and len(marks) == 1 and marks[0].bare and fence(before[-1]) == marks[0]
    header = header_at(lines[first]) if begins else None
    if header is None or header.kind != "output":
        return lines
    return ["Test Input:" if header.strong else "Input:", marks[0].mark, *lines]


def _headers(lines: list[str]) -> list[Header]:
    """The headers that announce input and output, without those that are data."""
    fenced = _fenced_lines(lines)
    outside = headers(lines, fenced)
    if not {"input", "output"} <= {header.kind for header in outside} or _are_weaker(outside, headers(lines)):
        # The test stands in one fence, or a fence around an input is never closed.
        styled = fenced.closed and any(header.styled for header in outside)
        outside = [header for header in headers(lines) if header.styled or not styled or header.line not in fenced]
    kinds = {header.kind for header in outside if header.styled}
    if not {"input", "output"} <= kinds:
        return outside
    found: list[Header] = []
    for header in outside:
        after_input = bool(found) and found[-1].kind == "input"
        if header.styled or not (after_input or _is_inside_paragraph(lines, header.line)):
            found.append(header)
    return found


def _are_weaker(outside: list[Header], every: list[Header]) -> bool:
    """Whether only headers inside fences say "test input" and "test output"; those outside are not even bold."""
    strong = {header.kind for header in every if header.strong} >= {"input", "output"}
    return strong and not any(header.strong or header.styled for header in outside)


def _is_inside_paragraph(lines: list[str], number: int) -> bool:
    above = lines[number - 1] if number else ""
    return bool(above.strip()) and fence(above) is None


@dataclass(frozen=True)
class _FencedLines:
    numbers: frozenset[int]
    """Lines of closed fenced blocks, their fences included."""
    closed: bool
    """Whether every fence is closed."""

    def __contains__(self, number: object) -> bool:
        return number in self.numbers


def _fenced_lines(lines: list[str]) -> _FencedLines:
    """The lines of closed blocks. A fence right after a header opens a block, even while another one is open."""
    numbers: set[int] = set()
    opening: Fence | None = None
    start = last = 0
    for number, line in enumerate(lines):
        before, opening = opening, open_after(line, opening)
        if before is None:
            start = number
        elif opening is None and number > last > start and _announces(lines[last]):
            numbers.update(range(start, last))
            start, opening = number, fence(line)
        elif opening is None:
            numbers.update(range(start, number + 1))
        last = number if line.strip() else last
    return _FencedLines(frozenset(numbers), opening is None)


def _announces(line: str) -> bool:
    """Whether the line is a header without data on it, which says "test" or is bold."""
    header = header_at(line)
    return header is not None and (header.strong or header.styled) and not line[header.end :].strip()


def _from_headers(lines: list[str], found: list[Header]) -> Extracted[UnitTest]:
    inputs = [header for header in found if header.kind == "input"]
    outputs = [header for header in found if header.kind == "output"]
    if not inputs or not outputs:
        return Extracted(None, _why_half(lines, found))
    pairs = _pairs(lines, found)
    if not pairs:
        return Extracted(None, Reason.SPLIT_TEST)
    complete = [pair for pair in pairs if pair.complete]
    chosen = (complete or pairs)[-1]
    if not chosen.output.text.strip() and not (chosen.output.fenced and chosen.output.closed):
        return Extracted(None, Reason.CUT if chosen.output.fenced else Reason.NO_OUTPUT)
    notes = chosen.notes
    if not all(header.exact for header in found):
        notes += (Note.HEADER_VARIANT,)
    if chosen is not pairs[-1] or _ends_with_input(found):
        notes += (Note.EARLIER_PAIR,)
    return _checked(chosen, notes)


def _why_half(lines: list[str], found: list[Header]) -> Reason:
    """Why there is no test, in an answer without an input or without an output."""
    kinds = {header.kind for header in found} - {"explanation"}
    written = [line for line in lines if line.strip()]
    announced = bool(written) and (header_at(written[-1]) is not None or written[-1].rstrip().endswith((":", "：")))
    if "output" not in kinds and (announced or not _fenced_lines(lines).closed):
        return Reason.CUT
    return Reason.NO_OUTPUT if "input" in kinds else Reason.NO_INPUT if kinds else Reason.NO_TEST


def _ends_with_input(found: list[Header]) -> bool:
    kinds = [header.kind for header in found if header.kind != "explanation"]
    return kinds[-1] == "input" and kinds != ["output", "input"] * (len(kinds) // 2)


def _pairs(lines: list[str], found: list[Header]) -> list[_Pair]:
    """Pairs of an input and an output, the preferred one last.

    Successive inputs are paired with the outputs that follow them: by number if the headers of all these inputs have
    different numbers, else in order, without the first inputs if there are more inputs than outputs. Further outputs
    are taken for corrections of the last pair's output unless they are prose. Where every output stands before its
    input, the pairs are reversed.
    """
    places = [index for index, header in enumerate(found) if header.kind != "explanation"]
    kinds = [found[index].kind for index in places]
    if kinds == ["output", "input"] * (len(kinds) // 2):
        return [
            _pair(lines, found, given, wanted, (Note.REVERSED_PAIR,))
            for wanted, given in zip(places[::2], places[1::2], strict=True)
        ]
    pairs: list[_Pair] = []
    inputs: list[int] = []
    outputs: list[int] = []
    for index in places:
        if found[index].kind == "output":
            outputs += [index] if inputs else []
            continue
        if outputs:
            pairs += _pairs_of_run(lines, found, inputs, outputs)
            inputs, outputs = [], []
        inputs.append(index)
    return pairs + _pairs_of_run(lines, found, inputs, outputs)


def _pairs_of_run(lines: list[str], found: list[Header], inputs: list[int], outputs: list[int]) -> list[_Pair]:
    """The pairs of some inputs and the outputs that follow all of them."""
    by_number = {found[index].number: index for index in inputs}
    if None not in by_number and len(by_number) == len(inputs) > 1:
        matched = [(by_number[found[index].number], index) for index in outputs if found[index].number in by_number]
        if matched:
            return [_pair(lines, found, given, wanted) for given, wanted in matched]
    unanswered = max(0, len(inputs) - len(outputs))
    matched = list(zip(inputs[unanswered:], outputs, strict=False))
    pairs = [_pair(lines, found, given, wanted) for given, wanted in matched]
    for wanted in outputs[len(matched) :]:
        pair = _pair(lines, found, inputs[-1], wanted, (Note.CORRECTED,))
        if pair.output.fenced or not _is_prose(pair.output.text):
            pairs.append(pair)
    return pairs


def _is_prose(text: str) -> bool:
    return sum(word.strip(".,;:!?").isalpha() for word in text.split()[:50]) > 2


def _pair(lines: list[str], found: list[Header], given: int, wanted: int, notes: tuple[Note, ...] = ()) -> _Pair:
    first, last = min(given, wanted), max(given, wanted)
    following = next((header.line for header in found[last + 1 :] if header.kind != "explanation"), len(lines))
    output = data_after(found[wanted].rest, _lines_after(lines, found, wanted), open_ended=wanted == len(found) - 1)
    if wanted == last and (better := _corrected(output, lines[found[wanted].line + 1 : following])):
        output, notes = better, (*notes, Note.CORRECTED)
    return _Pair(
        data_after(found[given].rest, _lines_after(lines, found, given), open_ended=False),
        output,
        "\n".join(lines[found[first].line : max(following, found[first].line + 1)]),
        notes,
    )


def _lines_after(lines: list[str], found: list[Header], index: int) -> list[str]:
    """The lines between the header `found[index]` and the next header."""
    end = found[index + 1].line if index + 1 < len(found) else len(lines)
    return lines[found[index].line + 1 : end]


def _corrected(output: Data, lines: list[str]) -> Data | None:
    """The last fenced block that follows the output's own and words of correction such as "wait"; None without any."""
    if not (output.fenced and output.closed):
        return None
    corrected: Data | None = None
    opening: Fence | None = None
    words: list[str] = []
    for number, line in enumerate(lines):
        before, opening = opening, open_after(line, opening)
        if before is None and opening is None:
            words.append(line[:_LONGEST_REMARK])
        elif before is None and opening is not None:
            if _TAKES_BACK.search("\n".join(words)) and opening.language not in CODE_TAGS:
                block = fenced_block(lines, number)
                corrected = block if block.closed and block.text.strip() else corrected
            words = []
    return corrected


def _checked(pair: _Pair, notes: tuple[Note, ...]) -> Extracted[UnitTest]:
    given, expected = pair.input, pair.output
    if not given.text.strip() and not expected.text.strip():
        return Extracted(None, Reason.EMPTY_TEST, section=pair.section)
    empty_input = () if given.text.strip() else (Note.EMPTY_INPUT,)
    empty_expected = () if expected.text.strip() else (Note.EMPTY_EXPECTED,)
    everything = dict.fromkeys((*given.notes, *expected.notes, *notes, *empty_input, *empty_expected))
    return Extracted(UnitTest(given.text, expected.text), notes=tuple(everything), section=pair.section)


def _from_json(lines: list[str]) -> Extracted[UnitTest] | None:
    """The test in the last JSON object that has an input and an output; None when there is no such object."""
    starts = [number for number, line in enumerate(lines) if line.lstrip()[:1] in ("{", "[")]
    text, offsets = "\n".join(lines), [0]
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
    data = [Data(text, closed=True, fenced=True) for text in whole]
    return _checked(_Pair(data[0], data[1], section), (Note.JSON_FORM,))


def _json_text(value: object) -> str | None:
    """Text unchanged, a number as JSON writes it, a list of texts and numbers with one item a line; None for any other
    value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, list):
        parts = [_json_text(part) for part in value if not isinstance(part, list)]
        whole = [part for part in parts if part is not None]
        return "\n".join(whole) if len(whole) == len(value) else None
    return None
