"""Pairs the parts of a statement into samples, and writes notes on parts that are no sample."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cure.errors import ProblemError
from cure.problem import UnitTest
from cure.problem.statement.data import (
    is_plain_data,
    joined,
    looks_like_prose,
    looks_like_sample,
    may_be_prose,
    paragraphs,
)
from cure.problem.statement.items import Item, items_of
from cure.problem.statement.labels import is_nothing, is_stream, label
from cure.problem.statement.parts import PartsReader, SamplePart
from cure.problem.statement.puzzle import announcements, puzzle_sample

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w{0,40} = ")
_CALL = re.compile(r"[\[\](){}\"'=]")
_TEXT_TAGS = ("", "text", "txt", "plain", "plaintext", "none", "console")


@dataclass(kw_only=True)
class _Samples:
    """Samples, leftover parts and notes found so far."""

    source: str
    tests: dict[UnitTest, None] = field(default_factory=dict)
    """Tests in order, each once: pages in two languages show every sample twice."""
    notes: list[tuple[int, str]] = field(default_factory=list)
    not_used: set[str] = field(default_factory=set)
    """Notes on parts that look like a sample but were not read as a test."""
    inline: dict[UnitTest, int] = field(default_factory=dict)
    """Tests whose data follows the labels' colons, with the numbers of their lines."""
    inputs: list[SamplePart] = field(default_factory=list)
    """Inputs that are a sample's, by their label or section, and have no output."""
    outputs: list[SamplePart] = field(default_factory=list)
    """Outputs that are a sample's, by their label or section, and have no input."""
    unknown: list[SamplePart] = field(default_factory=list)
    """Parts without a label, and labelled parts with data that neither their label nor their section calls a sample's;
    none of them was paired."""

    def note(self, number: int, text: str) -> str:
        """Add a note on line `number`, and return it with file and line in front."""
        note = f"{self.source}:{number}: {text}"
        self.notes.append((number, note))
        return note

    def unused(self, number: int, text: str) -> None:
        """Add a note on what looks like a sample but is not read as a test."""
        self.not_used.add(self.note(number, text))

    def test(self, given: str, expected: str) -> UnitTest:
        test = UnitTest(given, expected, "public")
        self.tests[test] = None
        return test


@dataclass(frozen=True)
class Samples:
    """What was read in a statement."""

    tests: tuple[UnitTest, ...]
    notes: tuple[str, ...]
    """A line each, beginning with file and line, in the order of the statement."""
    unused: tuple[str, ...]
    """The notes on parts that look like a sample but were not read as a test."""


def samples_of(lines: Sequence[str], source: str) -> Samples:
    """The public tests in a statement's lines, with notes on what was guessed and on what was not used.

    Raises ProblemError for a block that is never closed, and for a labelled block of input without an output or of
    output without an input, unless the label is a sentence. Where no sample has an input, each output becomes a test
    with an empty input instead.
    """
    found = _Samples(source=source)
    items = list(items_of(lines, source))
    reader = PartsReader()
    _pair(found, reader.read(items))
    _lone_outputs(found)
    _lone_inputs(found)
    if not found.tests and (puzzle := puzzle_sample(items)):
        found.test(puzzle.given, puzzle.expected)
        found.note(puzzle.number, f"the expected output {puzzle.expected.strip()!r} was read out of the text")
    _without_calls(found)
    _unknown(found)
    if not found.tests and not found.notes:
        _say_nothing_found(found, reader.headings, items)
    if any(_ASSIGNMENT.match(test.stdin) for test in found.tests):
        found.note(1, "inputs are written as assignments; programs are given that text on standard input")
    notes = tuple(text for _, text in sorted(found.notes))
    return Samples(tuple(found.tests), notes, tuple(note for note in notes if note in found.not_used))


def _pair(found: _Samples, parts: Sequence[SamplePart]) -> None:
    """Pair inputs with outputs as tests; keep the other parts for notes."""
    given: SamplePart | None = None
    unlabelled: SamplePart | None = None
    for part in parts:
        if part.role == "unknown":
            if not _nested(found, part):
                _left_over(found, unlabelled)
                unlabelled = part
        elif part.role == "input":
            _left_over(found, given)
            given = part
        else:
            if given is None and unlabelled and part.certain and unlabelled.example == part.example:
                given, unlabelled = unlabelled, None
            if given is not None and _are_descriptions(given, part):
                pass
            elif given is not None and _belong_together(given, part):
                _test(found, given, part)
                _say_if_guessed(found, given, part)
            elif given is not None and _may_belong_together(given, part):
                found.unused(given.number, f"these lines look like a sample; {_REMEDY}")
            else:
                _left_over(found, given)
                _left_over(found, part)
            given = None
    _left_over(found, given)
    _left_over(found, unlabelled)


def _nested(found: _Samples, part: SamplePart) -> bool:
    """Whether the block contains labelled samples; these are added."""
    body = part.blocks[0].lines if part.blocks else ()
    first = label(next((line for line in body if line.strip()), ""))
    if not part.certain or first is None or first.role not in ("input", "output", "example"):
        return False
    try:
        inside = PartsReader(in_example=True).read(list(items_of(body, found.source, part.number + 1)))
    except ProblemError:  # a line in the block looks like the beginning of another block
        return False
    _pair(found, inside)
    return True


def _are_descriptions(given: SamplePart, expected: SamplePart) -> bool:
    """Whether the parts describe input and output in sentences, as sections after an example without labels do."""
    labelled = any(part.sample or part.blocks or part.inline for part in (given, expected))
    return (
        not labelled
        and may_be_prose(given.text.split("\n", 1)[0])
        and looks_like_prose(expected.text.split("\n", 1)[0])
    )


def _belong_together(given: SamplePart, expected: SamplePart) -> bool:
    """Whether the two are a sample: their labels say so, or they hold nothing but data."""
    if given.certain and expected.certain:
        return not (is_stream(given.text) and is_stream(expected.text))
    if given.certain:
        return bool(expected.text.strip()) and not looks_like_prose(expected.text.split("\n", 1)[0])
    if expected.certain:
        return is_plain_data(given.text.split("\n"))
    both = (given.text.split("\n"), expected.text.split("\n"))
    worded = given.inline and not any(character.isdigit() for character in given.text)
    return not worded and all(map(is_plain_data, both)) and not is_stream(given.text)


def _may_belong_together(given: SamplePart, expected: SamplePart) -> bool:
    """Whether two parts look like a sample that stands outside blocks and is not called a sample or example."""
    lines = [*given.text.split("\n"), *expected.text.split("\n")]
    plain = not (given.certain or expected.certain or given.blocks or expected.blocks)
    return plain and looks_like_sample(lines) and not any(map(may_be_prose, lines)) and bool(expected.text)


def _say_if_guessed(found: _Samples, given: SamplePart, expected: SamplePart) -> None:
    digits = any(character.isdigit() for character in given.text + expected.text)
    if not (given.certain or expected.certain or digits):
        found.note(given.number, "these words were taken for a sample; put a label Example above them if they are one")


def _test(found: _Samples, given: SamplePart, expected: SamplePart) -> None:
    """Add the pair as a test, or a note on why it is none.

    On pages that show both labels before any data, input and output both follow the second label.
    """
    if given.has_data:
        text = given.text
        if not given.blocks and is_nothing(text):
            text = ""
        if not expected.blocks and not expected.text:
            found.unused(expected.number, "this sample output is empty; it is not used as a test")
            return
        test = found.test(text, expected.text)
        if given.inline and expected.inline:
            found.inline[test] = given.number
        if expected.is_cut:
            found.note(expected.number, "this output ends at a blank line; use a block where more lines belong to it")
        return
    if len(expected.blocks) > 1:
        found.test(expected.blocks[0].text, expected.blocks[1].text)
        return
    below = paragraphs(expected.lines)
    if expected.blocks or expected.number > given.number + 1 or not below:
        in_turn = None
    elif len(below) > 1 and not looks_like_prose(below[1][0]):
        in_turn = (below[0], below[1])
    else:
        in_turn = (below[0][:1], below[0][1:]) if len(below[0]) == 2 else None
    if in_turn:
        found.test(joined(in_turn[0]), joined(in_turn[1]))
    elif not expected.text or (not expected.blocks and expected.number == given.number + 1 and len(below[0]) > 2):
        found.unused(given.number, "this sample's input and output cannot be told apart; it is not used as a test")
    else:
        found.test("", expected.text)


def _left_over(found: _Samples, part: SamplePart | None) -> None:
    if part is None or (part.role == "input" and part.blocks and _nested(found, part)):
        return
    if part.role == "unknown":
        found.unknown.append(part)
    elif part.certain:
        (found.inputs if part.role == "input" else found.outputs).append(part)
    elif part.blocks or part.inline:
        found.unknown.append(part)


def _lone_outputs(found: _Samples) -> None:
    """Handle outputs without an input: where no sample has an input, programs get an empty one."""
    for part in found.outputs:
        if not (found.tests or found.inputs) and part.text:
            continue
        if part.blocks and not part.spoken:
            raise ProblemError(f"{found.source}:{part.at}: this example output has no input before it")
        found.unused(part.at, "this example output has no input before it; it is not used as a test")
    if found.tests or found.inputs:
        return
    for part in found.outputs:
        if part.text:
            found.test("", part.text)
            found.note(part.at, "this sample has no input; programs are given an empty one")


def _lone_inputs(found: _Samples) -> None:
    for part in found.inputs:
        if part.blocks and not part.spoken:
            raise ProblemError(f"{found.source}:{part.at}: this example input has no output")
        found.unused(part.at, "this example input has no output; it is not used as a test")


def _unknown(found: _Samples) -> None:
    """Add notes on blocks that look like a sample and were not used."""
    for part in found.unknown:
        block = part.blocks[0] if part.blocks else None
        lines = block.lines if block else part.text.split("\n")
        tag = block.info.lower() if block else ""
        expected_here = part.certain or part.role != "unknown" or not found.tests
        if block is None and part.certain:
            found.unused(part.number, "this table looks like a sample but its cells cannot be told apart")
        elif block is None and not is_plain_data(lines):
            continue
        elif expected_here and looks_like_sample(lines) and (part.role != "unknown" or tag in _TEXT_TAGS):
            found.unused(part.at, f"this {'block' if block else 'line'} looks like a sample; {_REMEDY}")


def _without_calls(found: _Samples) -> None:
    """Drop tests written as function calls if other samples show what the program reads and prints."""
    if len(found.inline) == len(found.tests):
        return
    for test, number in found.inline.items():
        if _CALL.search(test.stdin + test.expected):
            del found.tests[test]
            found.note(number, "this example is written as a call and left out; other examples show what programs read")


def _say_nothing_found(found: _Samples, headings: Sequence[int], items: Sequence[Item]) -> None:
    """Add a note where examples are announced although none was found."""
    for number in headings[:1] or announcements(items)[:1]:
        found.unused(number, f"an example is announced here but none could be read; {_REMEDY}")


_REMEDY = "put the sample below a heading Example and the labels Input and Output to use it as a test"
