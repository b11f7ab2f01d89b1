"""The result of an extraction: a value with notes, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Reason(StrEnum):
    """Why an extraction failed; `reason.words` is a sentence for a person."""

    EMPTY_ANSWER = "empty_answer"
    UNFINISHED_THINKING = "unfinished_thinking"
    NO_CODE = "no_code"
    EMPTY_CODE = "empty_code"
    OTHER_LANGUAGE = "other_language"
    NO_TEST = "no_test"
    NO_INPUT = "no_input"
    NO_OUTPUT = "no_output"
    SPLIT_TEST = "split_test"
    EMPTY_TEST = "empty_test"
    JSON_VALUE = "json_value"

    @property
    def words(self) -> str:
        """One sentence for a person."""
        return _REASONS[self]


class Note(StrEnum):
    """A remark on a value that was found: what was mended or is unusual; `note.words` is a sentence for a person."""

    THINKING_REMOVED = "thinking_removed"
    NO_FENCE = "no_fence"
    UNCLOSED_FENCE = "unclosed_fence"
    FENCE_INSIDE = "fence_inside"
    FENCE_VARIANT = "fence_variant"
    LANGUAGE_TAG = "language_tag"
    DEDENTED = "dedented"
    ESCAPED_NEWLINES = "escaped_newlines"
    QUOTED_TEXT = "quoted_text"
    DOES_NOT_COMPILE = "does_not_compile"
    EARLIER_BLOCK = "earlier_block"
    EARLIER_PAIR = "earlier_pair"
    REVERSED_PAIR = "reversed_pair"
    HEADER_VARIANT = "header_variant"
    INLINE_CODE = "inline_code"
    TEXT_BEFORE_FENCE = "text_before_fence"
    TAG_KEPT = "tag_kept"
    JSON_FORM = "json_form"
    EMPTY_INPUT = "empty_input"
    EMPTY_EXPECTED = "empty_expected"

    @property
    def words(self) -> str:
        """One sentence for a person."""
        return _NOTES[self]


@dataclass(frozen=True)
class Extracted(Generic[Value]):
    """A value taken from an answer, or None and the reason.

    Only the `release` mode gives a value together with a reason: the released code goes on with `NO_CODE`.
    """

    value: Value | None
    reason: str = ""
    """A `Reason`; empty where nothing failed."""
    notes: tuple[Note, ...] = ()
    section: str = ""
    """The part of the answer the value was taken from."""
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


_REASONS = {
    Reason.EMPTY_ANSWER: "The answer is empty.",
    Reason.UNFINISHED_THINKING: "The answer ends inside its thinking block.",
    Reason.NO_CODE: "There is no fenced block and the text is not a program.",
    Reason.EMPTY_CODE: "The fenced block is empty.",
    Reason.OTHER_LANGUAGE: "All fenced blocks are in another language than Python.",
    Reason.NO_TEST: "There is neither a test input nor a test output.",
    Reason.NO_INPUT: "There is a test output but no test input.",
    Reason.NO_OUTPUT: "There is a test input but no test output.",
    Reason.SPLIT_TEST: "Test inputs and outputs do not belong to the same answer.",
    Reason.EMPTY_TEST: "Test input and output are both empty.",
    Reason.JSON_VALUE: "The JSON test holds values that are neither text nor plain numbers.",
}

_NOTES = {
    Note.THINKING_REMOVED: "A thinking block was removed first.",
    Note.NO_FENCE: "The value stands outside any fence.",
    Note.UNCLOSED_FENCE: "The fence is never closed.",
    Note.FENCE_INSIDE: "The value itself contains a fence.",
    Note.FENCE_VARIANT: "The fence is not three backticks with the tag directly behind them.",
    Note.LANGUAGE_TAG: "The fence's language tag is not the one asked for, or was dropped from the data.",
    Note.DEDENTED: "The block was indented.",
    Note.ESCAPED_NEWLINES: "Newlines were written as backslash-n.",
    Note.QUOTED_TEXT: "The data was written as a quoted string.",
    Note.DOES_NOT_COMPILE: "The program is not valid Python.",
    Note.EARLIER_BLOCK: "A later block was passed over because it is incomplete or no program.",
    Note.EARLIER_PAIR: "A later test was passed over because it is incomplete.",
    Note.REVERSED_PAIR: "The output stands before the input.",
    Note.HEADER_VARIANT: "The headers differ from the ones asked for.",
    Note.INLINE_CODE: "The data was in single backticks.",
    Note.TEXT_BEFORE_FENCE: "Words between the header and its fence were passed over.",
    Note.TAG_KEPT: "The data begins with a line that could be a language tag; it is not on the fence and was kept.",
    Note.JSON_FORM: "The test was written as JSON.",
    Note.EMPTY_INPUT: "The test input is empty.",
    Note.EMPTY_EXPECTED: "The expected output is empty: a program that prints nothing passes.",
}
