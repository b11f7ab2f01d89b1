"""`eval extract`: extraction over a file of stored answers.

The file is an object with any of three lists, or an array, which is read as `responses`:

* `responses`: `{kind: "code" | "unit_test", name, response}`
* `modify`: `{input}`, the input or output of a test before newlines and tags are repaired
* `test_if_eq`: `{output, expected}`

The results have the same keys, one result per entry, in order, under the names the published results use:
`extracted` for code; `eval` and `sample` for tests, each with the lists `test_input`, `test_output`, `example_text`,
which on failure are `[]` in `eval` and `[""]` in `sample`; `output` for `modify`; `equal` for `test_if_eq`. A failure
has a `reason` and explains the reason in `why`. In robust mode code that could not be extracted is null, and every
response lists what was repaired (`notes`) and whether its value `differs` from that of CURE's released code.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from cure.case_file import Shape, checked
from cure.errors import ProblemError
from cure.extract import Extracted, Extractor, Note, extractor, release
from cure.extract.data import mended
from cure.problem import UnitTest
from cure.table import compare

Result = dict[str, Any]


class StoredAnswer(Shape):
    """An answer of the coder or the tester."""

    kind: Literal["code", "unit_test"]
    response: str
    name: str = ""


class RawSection(Shape):
    """Input or output in an answer, before newlines and tags are repaired."""

    input: str


class OutputPair(Shape):
    """The output of a program, and the expected one."""

    output: str
    expected: str


class AnswersFile(Shape):
    """A file of stored answers, with any of the three lists."""

    responses: list[StoredAnswer] = Field(default_factory=list)
    modify: list[RawSection] = Field(default_factory=list)
    test_if_eq: list[OutputPair] = Field(default_factory=list)


def extract_cases(content: object, mode: str, path: str) -> dict[str, list[Result]]:
    """Results for every list the content has, in the content's order; raises ProblemError for anything malformed."""
    if isinstance(content, list):
        content = {"responses": content}
    stored = checked(content, AnswersFile, path)
    extract = extractor(mode)
    results = {
        "responses": [_response(answer, extract) for answer in stored.responses],
        "modify": [_modify(data.input, mode) for data in stored.modify],
        "test_if_eq": [_equal(pair, mode) for pair in stored.test_if_eq],
    }
    if not stored.model_fields_set:
        raise ProblemError(f"{path}: has none of the lists {', '.join(results)}")
    assert isinstance(content, dict)
    return {key: results[key] for key in content if key in results}


def _response(answer: StoredAnswer, extract: Extractor) -> Result:
    result: Result = {"kind": answer.kind, "name": answer.name}
    if answer.kind == "code":
        program = extract.program(answer.response)
        result["extracted"] = program.value
        return result | _remarks(program, extract, program.value != release.extract_code(answer.response))
    test = extract.test(answer.response)
    result |= {"eval": _texts(test, []), "sample": _texts(test, [""])}
    return result | _remarks(test, extract, test.value != release.unit_test(answer.response).value)


def _texts(test: Extracted[UnitTest], on_failure: list[str]) -> dict[str, list[str]]:
    if test.value is None:
        return {key: list(on_failure) for key in ("test_input", "test_output", "example_text")}
    return {
        "test_input": [test.value.stdin],
        "test_output": [test.value.expected],
        "example_text": [test.section],
    }


def _remarks(found: Extracted[Any], extract: Extractor, differs: bool) -> Result:
    remarks: Result = {"reason": found.reason or None, "why": found.why or None}
    if extract.name == "release":
        return remarks
    return remarks | {
        "notes": [{"note": str(note), "words": Note(note).words} for note in found.notes],
        "differs": differs,
    }


def _modify(data: str, mode: str) -> Result:
    return {"input": data, "output": release.modify(data) if mode == "release" else mended(data)}


def _equal(pair: OutputPair, mode: str) -> Result:
    equal = compare.comparison("release" if mode == "release" else compare.DEFAULT)
    return {"output": pair.output, "expected": pair.expected, "equal": equal(pair.output, pair.expected)}
