"""Turns calls of a function into standard input: chooses a text form for each argument, and the tests to keep.

A test is kept for programs if its arguments are equal after being written in these forms and read back. A test whose
arguments survive only as a Python literal is kept for functions alone, unless the number of tests is limited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evaluator.datasets.functional.forms import LITERAL, Form, best_form, survives, to_text
from evaluator.datasets.functional.function import Call, Dropped, FunctionProblem, LeftOut
from evaluator.datasets.functional.program import literal_input

_SAMPLE = 400
"""Forms are chosen from the public calls and an even sample of this many to twice as many calls, or all if fewer."""
_LONGEST = 20_000
"""Maximum characters of an input."""
_FEW = 20
"""A problem with fewer distinct tests than this needs at most two hidden tests."""
_SPARE = 8
"""Tests beyond those asked for, in case the reference solution fails on some."""


@dataclass(frozen=True)
class Case:
    """A call with its standard input."""

    call: Call
    stdin: str


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A problem with the inputs of its tests."""

    problem: FunctionProblem
    names: tuple[str, ...]
    inputs: tuple[Form, ...]
    examples: int
    """Number of public cases, the first ones."""
    least: int
    """Number of hidden cases that are needed."""
    cases: tuple[Case, ...]
    unlimited: bool
    """Whether the number of tests is not limited."""
    function_cases: tuple[Case, ...]
    """Cases with arguments that the forms cannot express: only functions are run on them, from a Python literal."""
    dropped: tuple[Dropped, ...]


def prepare(problem: FunctionProblem, most_tests: int | None = None) -> Prepared:
    """The problem with the inputs of its tests. Raises LeftOut where it cannot be converted.

    The first cases are public ones, if possible with an input without empty lines. Hidden cases follow: all of them,
    or at most `most_tests` and `_SPARE` more. Under that maximum at most half of the hidden cases come from further
    public calls; the others are spread evenly over the calls that are not public.
    """
    if problem.oracle.kind == "other":
        raise LeftOut("its tests judge a result by a program of their own: more than one result may be right")
    if not problem.entry_point:
        raise LeftOut("no test calls a function that its solution defines")
    if not problem.calls:
        raise LeftOut("no test calls the function with literal arguments")
    dropped = list(problem.dropped)
    size = Counter(len(call.arguments) for call in problem.calls).most_common(1)[0][0]
    calls: list[Call] = []
    for call in problem.calls:
        if len(call.arguments) == size:
            calls.append(call)
        else:
            dropped.append(_drop(problem, call, f"has {len(call.arguments)} arguments, most tests have {size}"))
    names = tuple(problem.parameters[at] if at < len(problem.parameters) else f"argument{at + 1}" for at in range(size))
    inputs = _forms(calls, names)
    cases: list[Case] = []
    function_cases: list[Case] = []
    seen: set[str] = set()
    for call in calls:
        natural = survives(inputs, call.arguments)
        text = to_text(inputs, call.arguments) if natural else literal_input(call.arguments)
        if not natural and not is_literal(call.arguments):
            dropped.append(_drop(problem, call, "the arguments do not survive as text"))
        elif len(text) > _LONGEST:
            dropped.append(_drop(problem, call, f"the input is longer than {_LONGEST} characters"))
        elif text in seen:
            dropped.append(_drop(problem, call, "the same input as another test"))
        else:
            seen.add(text)
            (cases if natural else function_cases).append(Case(call, text))
    examples = _examples(problem, cases)
    different = len({repr(call.arguments) for call in calls})
    least = problem.least_tests if different >= _FEW else min(problem.least_tests, 2)
    if len(cases) < examples + least:
        raise LeftOut(_why(calls, names, inputs), f"{len(cases)} of {len(calls)} tests survive")
    chosen = _chosen(cases, examples, len(cases) if most_tests is None else most_tests)
    if most_tests is not None:
        function_cases = []
    if len(chosen) < len(cases):
        reason = f"not needed: {len(cases)} tests survive, at most {most_tests} hidden ones are kept"
        dropped.append(Dropped(problem.name, f"{len(cases) - len(chosen)} tests", reason))
    return Prepared(
        problem=problem,
        names=names,
        inputs=inputs,
        examples=examples,
        least=least,
        cases=tuple(chosen),
        unlimited=most_tests is None,
        function_cases=tuple(function_cases),
        dropped=tuple(dropped),
    )


def _forms(calls: Sequence[Call], names: Sequence[str]) -> tuple[Form, ...]:
    step = max(1, len(calls) // _SAMPLE)
    sample = [call for at, call in enumerate(calls) if call.public or at % step == 0]
    forms: list[Form] = []
    for at in range(len(names)):
        values = [call.arguments[at] for call in sample]
        shown = [call.arguments[at] for call in sample if call.public]
        forms.append(best_form(shown, values, "end" if at == len(names) - 1 else "middle"))
    return tuple(forms)


def _examples(problem: FunctionProblem, cases: Sequence[Case]) -> int:
    public = sum(case.call.public for case in cases)
    if not problem.reference:
        return public
    return min(public, 2 if len(cases) >= 6 else 1)


def _chosen(cases: Sequence[Case], examples: int, most_tests: int) -> list[Case]:
    public = [case for case in cases if case.call.public]
    telling = [case for case in public if all(case.stdin.removesuffix("\n").split("\n"))]
    first = (telling + [case for case in public if case not in telling])[:examples]
    public = first + [case for case in public if case not in first]
    others = [case for case in cases if not case.call.public]
    hidden = public[examples:] + others
    wanted = most_tests + _SPARE
    if len(hidden) > wanted:
        kept = public[examples:][: wanted // 2]
        rest = wanted - len(kept)
        hidden = kept + [others[at * len(others) // rest] for at in range(min(rest, len(others)))]
    return public[:examples] + hidden


def _why(calls: Sequence[Call], names: Sequence[str], inputs: Sequence[Form]) -> str:
    """The reason for too few cases, in words: the argument whose form fits the fewest calls, or too few tests."""
    lost = [
        sum(not survives([form], [call.arguments[at]]) for call in calls if at < len(call.arguments))
        for at, form in enumerate(inputs)
    ]
    if not lost or not max(lost):
        return "it has too few tests"
    at = lost.index(max(lost))
    return f"argument {names[at]!r}: {kind_of([call.arguments[at] for call in calls])}"


def kind_of(values: Sequence[Any]) -> str:
    """The reason, in words, why no form fits the values."""
    kinds: set[str] = set()
    mixed = False
    open_values = list(values)
    while open_values:
        value = open_values.pop()
        kinds.add(type(value).__name__)
        inner = (
            list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple | set) else ()
        )
        nested = sum(isinstance(item, list | tuple | set | dict) for item in inner)
        mixed = mixed or 0 < nested < len(inner)
        open_values.extend(inner)
    if other := kinds - {"int", "float", "str", "bool", "NoneType", "list", "tuple", "set", "dict"}:
        return f"values of type {', '.join(sorted(other))}"
    if mixed:
        return "lists that hold values beside lists or dictionaries"
    if "dict" in kinds and len(kinds) > 1:
        return "dictionaries whose keys or values are of mixed kinds"
    if len({type(value).__name__ for value in values}) > 1:
        return f"values of mixed types ({', '.join(sorted({type(value).__name__ for value in values}))})"
    return "values that read differently as text (empty or blank strings, several kinds in one list)"


def is_literal(value: Any) -> bool:
    """Whether the value is equal after being written as a Python literal and read back."""
    return survives([LITERAL], [value])


def _drop(problem: FunctionProblem, call: Call, reason: str) -> Dropped:
    return Dropped(problem.name, call.where, reason, repr(call.arguments)[:80])
