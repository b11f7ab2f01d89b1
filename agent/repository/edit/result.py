"""What reading an answer gives: changed files with remarks, or the reason why nothing can be changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self, get_args

from agent.repository.files import Changed

Format = Literal["rewrite", "whole", "search"]
"""Forms of edits that can be asked for: definitions rewritten, whole files, SEARCH/REPLACE blocks."""

FORMATS: tuple[Format, ...] = get_args(Format)


class Worded(StrEnum):
    """A reason with `words`, a sentence for a person, and `advice`, one for the model."""

    words: str
    advice: str

    def __new__(cls, name: str, words: str = "", advice: str = "") -> Self:
        member = str.__new__(cls, name)
        member._value_, member.words, member.advice = name, words, advice
        return member


class Reason(Worded):
    """Why an answer changes nothing."""

    NO_CODE = "no_code", "The answer holds no code.", "Give the new code in a block that starts with ```python."
    CUT = (
        "cut",
        "The answer ends in the middle of the code.",
        "Be brief: leave out explanations and give only the code that changes, to its end.",
    )
    UNKNOWN_PLACE = (
        "unknown_place",
        "The code names no function, class or file that was shown.",
        "Keep the names of the functions and classes that you were shown, and give each completely.",
    )
    AMBIGUOUS_PLACE = (
        "ambiguous_place",
        "The code fits several places.",
        "Write the path and the full name in the first line of the block, such as `# path/file.py::Class.method`.",
    )
    NO_MATCH = (
        "no_match",
        "The lines to be replaced are not in the file.",
        "Copy lines exactly as they are in the file, and leave nothing out.",
    )
    SYNTAX_ERROR = "syntax_error", "The changed file is not valid Python.", "Give complete code that is valid Python 3."
    NO_CHANGE = "no_change", "The code is equal to the present code.", "Change the code so that the task is done."
    OUTSIDE = (
        "outside",
        "The answer changes a file that may not be changed.",
        "Change only the files that you were shown.",
    )


@dataclass(frozen=True)
class Refusal:
    """Why an answer was refused: a `Reason` where edits were asked for."""

    reason: Worded
    detail: str = ""
    """What exactly was wrong, as a sentence; empty where the reason says it all."""

    @property
    def words(self) -> str:
        """What was wrong, for a person."""
        return f"{self.reason.words} {self.detail}".rstrip()

    @property
    def repair(self) -> str:
        """What was wrong and what to do instead, for the model that gave the answer."""
        return f"{self.words} {self.reason.advice}"


@dataclass(frozen=True)
class Edits:
    """Changed files that an answer asks for; each differs from the present one."""

    changed: Changed
    format: str
    """The form in which the answer was written: one of `FORMATS`, or `diff`."""
    names: tuple[str, ...]
    """What was changed, in the order of the answer: `path::Class.method`, or a path for a whole file or a hunk."""
    notes: tuple[str, ...] = ()
    """What was mended or left out, in words, such as `imports added: re`."""


class Refused(Exception):
    """Ends the reading of an answer; the functions that read answers turn it into its refusal."""

    def __init__(self, reason: Worded, detail: str = "") -> None:
        super().__init__(detail)
        self.refusal = Refusal(reason, detail)
