"""Reads problems in the JSON of the browser extension competitive-companion, whose README documents the format.

The extension sends name, group, address, limits, tests and where the judge reads and writes; it sends no statement. A
statement added to these fields as `question` is kept.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from cure.case_file import Shape, checked
from cure.errors import ProblemError
from cure.problem.problem import Problem, UnitTest
from cure.problem.row import OptionalText, Text, positive
from cure.problem.statement import Statement

_NO_STATEMENT = "the browser extension sends no statement; put it into the file as 'question' for better answers"

_unstated = BeforeValidator(lambda value: None if value == 0 else value)
"""None for 0, which is sent for judges that state no limit."""
_Milliseconds = Annotated[float, AfterValidator(positive(3_600_000, "milliseconds"))]
_Megabytes = Annotated[float, AfterValidator(positive(1_048_576, "megabytes", least=1))]


class SentTest(Shape):
    """A sample test as the extension sends it."""

    input: Text
    output: Text


class Stream(Shape):
    """Where the judge reads or writes."""

    type: str
    fileName: OptionalText = ""  # noqa: N815 (the extension's name)
    pattern: OptionalText = ""


class SentProblem(Shape):
    """A problem as the extension sends it."""

    name: OptionalText = ""
    group: OptionalText = ""
    url: OptionalText = ""
    question: OptionalText = ""
    interactive: bool | None = None
    timeLimit: Annotated[_Milliseconds | None, _unstated]  # noqa: N815 (the extension's name)
    memoryLimit: Annotated[_Megabytes | None, _unstated] = None  # noqa: N815
    tests: list[SentTest]
    input: Stream | None = None
    output: Stream | None = None


def is_companion(row: object) -> bool:
    """Whether `row` has the fields of a problem that the extension sends."""
    return isinstance(row, dict) and "tests" in row and "timeLimit" in row and "example_input" not in row


def problem_from_companion(row: object, where: str, default_name: str) -> Statement:
    """The problem that was sent, with notes on what is missing or differs from the judge.

    Where the judge states no limit, the time limit is 1 second and the memory limit 256 MB. Raises ProblemError,
    beginning with `where`, for an interactive problem and for a field that cannot be used.
    """
    sent = checked(row, SentProblem, where)
    if sent.interactive:
        raise ProblemError(f"{where}: the problem is interactive; only problems with fixed inputs can be solved")
    notes = [] if sent.question else [_NO_STATEMENT]
    for name, stream, usual in (("input", sent.input, "stdin"), ("output", sent.output, "stdout")):
        if stream is not None and stream.type != usual:
            kind = f"{stream.type} {stream.fileName or stream.pattern}".strip()
            notes.append(f"the judge's {name} is the {kind}; here programs use standard input and output")
    problem = Problem(
        sent.question or _question(sent),
        tuple(UnitTest(test.input, test.output, "public") for test in sent.tests),
        time_limit_s=(sent.timeLimit or 1000) / 1000,
        memory_mb=int(sent.memoryLimit or 256),
        name=sent.name or default_name,
        extra={field: text for field, text in (("url", sent.url), ("group", sent.group)) if text},
    )
    return Statement(problem, tuple(f"{where}: {note}" for note in notes))


def _question(sent: SentProblem) -> str:
    """The text that replaces the missing statement."""
    origin = " of ".join(filter(None, ("A problem", sent.group))) + (f" ({sent.url})" if sent.url else "")
    wanted = "Its name and the examples say what is wanted.\n\nRead standard input and write to standard output."
    return f"# {sent.name or 'Problem'}\n\n{origin}, whose statement is not at hand. {wanted}"
