"""`eval extract`: extraction over a file of stored answers.

The file is an object with any of three lists, or just the first of them:

* `responses`: `{kind: "code" | "unit_test", name, response}`
* `modify`: `{input}`, the data of a test before it is put in shape
* `test_if_eq`: `{output, expected}`

The results have the same keys, one result per entry, in order, under the names the published results use:
`extracted` for code; `eval` and `sample` for tests, each with the lists `test_input`, `test_output`, `example_text`,
which on failure are `[]` and `[""]`; `output` for `modify`; `equal` for `test_if_eq`. A failure has a `reason` and says
`why`. In robust mode failed code is null, and every response says what was mended (`notes`) and whether its value
`differs` from the release's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cure.case_file import expect, field, rows
from cure.errors import ProblemError
from cure.extract import Extracted, Extractor, Note, extractor, release
from cure.extract.robust_test import mended
from cure.problem import UnitTest
from cure.table import compare

Result = dict[str, Any]


def extract_cases(content: object, mode: str, path: str) -> dict[str, list[Result]]:
    """Results for every list the content has, in the content's order; raises ProblemError for anything malformed."""
    if isinstance(content, list):
        content = {"responses": content}
    extract = extractor(mode)
    by_key: dict[str, Callable[[dict[str, Any], str], Result]] = {
        "responses": lambda row, where: _response(row, where, extract),
        "modify": lambda row, where: _modify(row, where, mode),
        "test_if_eq": lambda row, where: _equal(row, where, mode),
    }
    whole = expect(content, dict, path)
    if not any(key in whole for key in by_key):
        raise ProblemError(f"{path}: has none of the lists {', '.join(by_key)}")
    return {
        key: [by_key[key](row, f"{path}: {key}[{index}]") for index, row in enumerate(rows(value, f"{path}: {key!r}"))]
        for key, value in whole.items()
        if key in by_key
    }


def _response(row: dict[str, Any], where: str, extract: Extractor) -> Result:
    kind, answer = field(row, "kind", str, where), field(row, "response", str, where)
    name = expect(row.get("name", ""), str, f"{where}: 'name'")
    result: Result = {"kind": kind, "name": name}
    if kind == "code":
        program = extract.program(answer)
        result["extracted"] = program.value
        differs = program.value != release.extract_code(answer)
        return result | _remarks(program, extract, differs)
    if kind == "unit_test":
        test = extract.test(answer)
        found = release.unit_test(answer)
        result |= {"eval": _texts(test, []), "sample": _texts(test, [""])}
        return result | _remarks(test, extract, test.value != found.value)
    raise ProblemError(f"{where}: 'kind' is {kind!r}, expected 'code' or 'unit_test'")


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


def _modify(row: dict[str, Any], where: str, mode: str) -> Result:
    data = field(row, "input", str, where)
    return {"input": data, "output": release.modify(data) if mode == "release" else mended(data)}


def _equal(row: dict[str, Any], where: str, mode: str) -> Result:
    output, expected = field(row, "output", str, where), field(row, "expected", str, where)
    equal = compare.comparison("release" if mode == "release" else compare.DEFAULT)
    return {"output": output, "expected": expected, "equal": equal(output, expected)}
