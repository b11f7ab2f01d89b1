"""The result of an extraction: a value with notes, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Self, TypeVar

Value = TypeVar("Value")


class _Worded(StrEnum):
    """A name with a sentence for a person, `words`."""

    words: str

    def __new__(cls, name: str, words: str = "") -> Self:
        member = str.__new__(cls, name)
        member._value_, member.words = name, words
        return member


class Reason(_Worded):
    """Why an extraction failed."""

    EMPTY_ANSWER = "empty_answer", "The answer is empty."
    UNFINISHED_THINKING = (
        "unfinished_thinking",
        "The answer is missing: the text ends inside a thinking block.",
    )
    NO_CODE = "no_code", "There is no fenced block and the text is not a program."
    EMPTY_CODE = "empty_code", "The fenced block is empty."
    OTHER_LANGUAGE = "other_language", "All fenced blocks are in another language than Python."
    NO_TEST = "no_test", "There is neither a test input nor a test output."
    NO_INPUT = "no_input", "There is a test output but no test input."
    NO_OUTPUT = "no_output", "There is a test input but no test output."
    SPLIT_TEST = "split_test", "No test input and test output belong together."
    EMPTY_TEST = "empty_test", "Test input and output are both empty."
    CUT = "cut", "The answer was cut before its program or test."
    JSON_VALUE = "json_value", "The JSON test holds values that are neither text nor plain numbers."


class Note(_Worded):
    """What was mended in a value that was found, or is unusual about it."""

    THINKING_REMOVED = "thinking_removed", "A thinking block was removed first."
    NO_FENCE = "no_fence", "The value stands outside any fence."
    UNOPENED_FENCE = "unopened_fence", "The opening fence is missing."
    UNCLOSED_FENCE = "unclosed_fence", "The fence is never closed."
    FENCE_INSIDE = "fence_inside", "The value itself contains a fence."
    FENCE_VARIANT = "fence_variant", "The fence is not three backticks directly followed by the tag."
    LANGUAGE_TAG = "language_tag", "The fence's language tag is not the one asked for, or was dropped from the data."
    DEDENTED = "dedented", "The block was indented."
    MENDED_CHARACTERS = (
        "mended_characters",
        "Escapes of HTML, typographic characters, prompts or line numbers were replaced, so that the program compiles.",
    )
    WORDS_AFTER = "words_behind", "Words after the program, inside its fence, were left out."
    ESCAPED_NEWLINES = "escaped_newlines", "Newlines were written as backslash-n."
    QUOTED_TEXT = "quoted_text", "The data was written as a quoted string."
    DOES_NOT_COMPILE = "does_not_compile", "The program is not valid Python."
    EARLIER_BLOCK = "earlier_block", "A later block was passed over: it is incomplete, no program, or an example."
    JOINED_BLOCKS = "joined_blocks", "The program uses definitions of earlier blocks, which were put before it."
    AS_RELEASED = "as_released", "The value was found by the released rules only, perhaps in the thinking."
    CORRECTED = "corrected", "An output was passed over because a later one corrects it."
    EARLIER_PAIR = "earlier_pair", "A later test was passed over because it is incomplete."
    REVERSED_PAIR = "reversed_pair", "The output stands before the input."
    HEADER_VARIANT = "header_variant", "The headers differ from the ones asked for."
    INLINE_CODE = "inline_code", "The data was in single backticks."
    TEXT_BEFORE_FENCE = "text_before_fence", "Words between the header and its fence were passed over."
    TAG_KEPT = (
        "tag_kept",
        "The data begins with a line that could be a language tag; it is not on the fence and was kept.",
    )
    JSON_FORM = "json_form", "The test was written as JSON."
    OTHER_FORM = (
        "other_form",
        "The test was written as tags, an object, assignments, a table, or with labels as statements have them.",
    )
    EMPTY_INPUT = "empty_input", "The test input is empty."
    EMPTY_EXPECTED = "empty_expected", "The expected output is empty: a program that prints nothing passes."


@dataclass(frozen=True)
class Extracted(Generic[Value]):
    """A value taken from an answer, or None and the reason.

    Only the `release` mode gives a value together with a reason: where the released code finds no program, it runs a
    fixed error message (`cure.extract.release.NO_CODE`) as the program.
    """

    value: Value | None
    reason: str = ""
    """A `Reason`; empty where nothing failed."""
    notes: tuple[Note, ...] = ()
    section: str = ""
    """The part of the answer from which the value was taken."""
    thinking: int = 0
    """Characters of thinking that were removed before the extraction."""

    @property
    def failed(self) -> bool:
        """Whether nothing usable was found."""
        return self.reason != ""

    @property
    def why(self) -> str:
        """Why the extraction failed, as a sentence for a person; empty where it did not."""
        return Reason(self.reason).words if self.reason else ""
