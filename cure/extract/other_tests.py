"""Finds tests in forms that testers use without being asked for them.

The forms are tags (`<input>5</input>`), JSON and Python objects anywhere in the answer, Python assignments, and the
forms of samples in statements: tables, labels of other languages, both labels on one line.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping

from cure.errors import ProblemError
from cure.problem import UnitTest
from cure.problem.statement.samples import samples_of

_INPUTS = ("input", "testinput", "stdin", "inputdata", "sampleinput", "exampleinput")
_OUTPUTS = (
    *("output", "testoutput", "stdout", "expectedoutput", "expected", "expectedtestoutput", "outputdata"),
    *("sampleoutput", "exampleoutput", "expectedresult", "answer", "result"),
)
_CASES = ("test", "testcase", "tests", "testcases", "unittest", "unittests", "cases", "examples", "example")
_TAGGED = re.compile(
    r"<(?P<input>(?:test|sample|example)?[_ -]?input)>(?P<given>.*?)</(?P=input)>\s*"
    r"<(?P<output>(?:test|sample|example|expected)?[_ -]?(?:test)?[_ -]?output)>(?P<wanted>.*?)</(?P=output)>",
    re.IGNORECASE | re.DOTALL,
)
_OBJECTS_TRIED = 16
_LONGEST = 20_000  # characters of an answer; longer ones mostly repeat data without end
_DEEPEST = 4


def other_test(text: str) -> UnitTest | None:
    """The last test of the first form, in the order of this module's list, in which the answer has a test.

    None if there is no test, and for an answer of more than 20,000 characters.
    """
    if len(text) > _LONGEST:
        return None
    finders: tuple[Callable[[str], UnitTest | None], ...] = (_tagged, _in_objects, _assigned, _as_in_statements)
    return next((test for find in finders if (test := find(text))), None)


def _tagged(text: str) -> UnitTest | None:
    found = list(_TAGGED.finditer(text))
    return _test(found[-1]["given"].strip("\n"), found[-1]["wanted"].strip("\n")) if found else None


def _in_objects(text: str) -> UnitTest | None:
    found = [test for value in _objects(text) if (test := _of_value(value))]
    return found[-1] if found else None


def _objects(text: str) -> Iterator[object]:
    """The outermost JSON objects at the first 16 opening braces; if none, the Python value from first to last brace."""
    decoder, end, found = json.JSONDecoder(strict=False), -1, False
    for start in [match.start() for match in re.finditer(r"\{", text)][:_OBJECTS_TRIED]:
        if start < end:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        found = True
        yield value
    first, last = text.find("{"), text.rfind("}")
    if not found and 0 <= first < last and last - first < _LONGEST:
        try:
            yield ast.literal_eval(text[first : last + 1])
        except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
            return


def _of_value(value: object, depth: int = 0) -> UnitTest | None:
    """The last test in a value, nested at most four levels deep; None without one."""
    if depth > _DEEPEST:
        return None
    if isinstance(value, list):
        found = [test for part in value if (test := _of_value(part, depth + 1))]
        return found[-1] if found else None
    if not isinstance(value, Mapping):
        return None
    fields = {re.sub(r"[\W_]", "", str(name)).lower(): inner for name, inner in value.items()}
    given = next((fields[name] for name in _INPUTS if name in fields), None)
    wanted = next((fields[name] for name in _OUTPUTS if name in fields), None)
    if given is not None and wanted is not None:
        return _test(given, wanted)
    inner = next((fields[name] for name in _CASES if name in fields), None)
    return _of_value(inner, depth + 1)


def _assigned(text: str) -> UnitTest | None:
    """The test in assignments such as `test_input = "5"`, in a fence or without one."""
    if "=" not in text:
        return None
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) or [text]
    values: dict[str, object] = {}
    for block in blocks:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about invalid escapes concern the model's answer
            try:
                tree = ast.parse(block)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                values |= {target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)}
    return _of_value(values)


def _as_in_statements(text: str) -> UnitTest | None:
    try:
        samples = samples_of(text.split("\n"), "answer")
    except ProblemError:
        return None
    if any("read out of the text" in note for note in samples.notes):
        return None
    return next((UnitTest(test.stdin, test.expected) for test in reversed(samples.tests) if test.stdin), None)


def _test(given: object, wanted: object) -> UnitTest | None:
    texts = [_data(value) for value in (given, wanted)]
    if not all(texts) or not all(text and text.strip() for text in texts):
        return None
    return UnitTest(texts[0] or "", texts[1] or "")


def _data(value: object) -> str | None:
    """Text as it is with a newline at its end, numbers as JSON writes them; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = json.dumps(value)
    if not isinstance(value, str):
        return None
    return value if value.endswith("\n") else f"{value}\n"
