"""One row of CURE's JSON as a pydantic model; unknown fields are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, PlainValidator, Strict, model_validator

from cure.case_file import Shape, checked, kind_of, meant
from cure.problem.problem import Problem, Submission, TestOrigin, UnitTest

_SOURCES = ("code", "program", "source")
_LABELS = ("correct", "accepted_here", "is_solved")
_NAME = ("name", "model", "index")
_OTHER_WORDS_FOR_QUESTION = ("problem", "statement", "prompt", "description", "task", "text")


def _encodable(text: str) -> str:
    """The text. Raises ValueError for lone surrogates, which JSON can hold and UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("is text with half a surrogate pair, expected text") from None
    return text


def _written_out(value: object) -> object:
    """A number (a rating, a year) as text, null as empty text, other values unchanged."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def positive(most: float, unit: str, least: float = 0.0) -> Callable[[float], float]:
    """A check that raises ValueError unless a number is positive, at least `least` and at most `most`."""

    def check(number: float) -> float:
        if not math.isfinite(number) or number <= 0 or number < least:
            least_unit = unit.removesuffix("s") if least == 1 else unit
            wanted = f"at least {least:g} {least_unit}" if 0 < number < least else "a positive number"
            raise ValueError(f"is {number:g}, expected {wanted}")
        if number > most:
            raise ValueError(f"is {number:g}, expected at most {most} {unit}")
        return number

    return check


def _submission(item: object) -> Submission:
    """The submission in a JSON value: a program, or an object with a program and metadata.

    Raises ValueError for any other value.
    """
    if isinstance(item, str):
        return Submission(_encodable(item))
    if not isinstance(item, dict):
        raise ValueError(f"is {kind_of(item)}, expected a program or an object with the field 'code'")
    field = next((name for name in _SOURCES if name in item), None)
    if field is None:
        raise ValueError("lacks the required field 'code'")
    if not isinstance(item[field], str):
        raise ValueError(f"'{field}' is {kind_of(item[field])}, expected text")
    extra = {key: item[key] for key in item if key != field}
    return Submission(_encodable(item[field]), _label(extra), _name(extra), extra)


def submission_row(submission: Submission) -> dict[str, Any]:
    """The submission as the JSON object that is read as it."""
    row = {**submission.extra, "code": submission.text}
    if submission.right is not None and submission.right != _label(row):
        row = {_LABELS[0]: submission.right} | {key: row[key] for key in row if key not in _LABELS}
    if submission.name != _name(row):
        row = {_NAME[0]: submission.name} | {key: row[key] for key in row if key not in _NAME}
    return row


def _label(item: Mapping[str, Any]) -> bool | None:
    return next((item[name] for name in _LABELS if isinstance(item.get(name), bool)), None)


def _name(item: Mapping[str, Any]) -> str:
    return " ".join(str(item[part]) for part in _NAME if part in item)


_list_or_null = BeforeValidator(lambda value: () if value is None else value)

Text = Annotated[str, AfterValidator(_encodable)]
Texts = Annotated[tuple[Text, ...], Strict(False), _list_or_null]
OptionalText = Annotated[Text, BeforeValidator(lambda value: "" if value is None else value)]
Word = Annotated[Text, BeforeValidator(_written_out)]
Submissions = Annotated[tuple[Annotated[Submission, PlainValidator(_submission)], ...], Strict(False), _list_or_null]


class ProblemRow(Shape):
    """A problem with its tests, limits and metadata."""

    model_config = ConfigDict(extra="allow")

    question: Text
    example_input: Texts = ()
    example_output: Texts = ()
    test_input: Texts = ()
    test_output: Texts = ()
    test_time_limit: Annotated[float, AfterValidator(positive(3600, "seconds"))] | None = None
    memory_limit_mb: Annotated[float, AfterValidator(positive(1_048_576, "megabytes", least=1))] | None = None
    name: Word = ""
    comparison: OptionalText = ""
    checker: OptionalText = ""
    reference_solution: OptionalText = ""
    submissions: Submissions = ()
    difficulty: Word = ""
    date: Word = ""

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        """Raise ValueError for an empty statement, and where inputs and outputs differ in number."""
        if not self.question.strip():
            raise ValueError("'question' is empty; a problem needs a statement")
        for kind in ("example", "test"):
            names = (f"{kind}_input", f"{kind}_output")
            sizes = [len(getattr(self, name)) for name in names]
            if sizes[0] != sizes[1]:
                missing = next((name for name in names if name not in self.model_fields_set), None)
                reason = f"; '{missing}' is missing{meant(missing, self.model_extra or {})}" if missing else ""
                counts = ["1 text" if size == 1 else f"{size} texts" for size in sizes]
                raise ValueError(
                    f"'{names[0]}' has {counts[0]} and '{names[1]}' has {counts[1]}, expected equally many{reason}"
                )
        return self

    def problem(self, default_name: str) -> Problem:
        """The problem, called `default_name` where the row has no name."""
        extra = self.model_extra or {}
        names = (self.name, *(str(extra[key]) for key in ("id", "task_id") if _is_name(extra.get(key))))
        return Problem(
            question=self.question,
            examples=_tests(self.example_input, self.example_output, "public"),
            hidden=_tests(self.test_input, self.test_output, "hidden"),
            time_limit_s=self.test_time_limit or 1.0,
            memory_mb=int(self.memory_limit_mb or 256),
            name=next(filter(None, names), default_name),
            comparison=self.comparison,
            checker=self.checker,
            reference=self.reference_solution,
            submissions=self.submissions,
            difficulty=self.difficulty,
            date=(self.date or str(extra.get("contest_date") or ""))[:10],
            extra=extra,
        )


def problem_from_row(row: object, where: str, default_name: str) -> Problem:
    """The problem a row describes; for a malformed row raises ProblemError, which begins with `where` and names the
    field.
    """
    return checked(row, ProblemRow, where, {"question": _OTHER_WORDS_FOR_QUESTION}).problem(default_name)


def _tests(inputs: Sequence[str], outputs: Sequence[str], origin: TestOrigin) -> tuple[UnitTest, ...]:
    return tuple(UnitTest(given, expected, origin) for given, expected in zip(inputs, outputs, strict=True))


def _is_name(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)
