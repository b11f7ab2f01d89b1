"""Reads Polygon's packages: problem.xml, the statement in one language, tests whose file names follow a pattern."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

from cure.errors import ProblemError
from cure.problem import Problem, Submission, TestOrigin, UnitTest
from cure.problem.packages.files import PackageFiles
from cure.problem.packages.judging import checker_judging
from cure.problem.packages.tex import text_of
from cure.problem.statement import Statement

_PATTERN = re.compile(r"[^%]*%0?[0-9]?d[^%]*")
_SECTIONS = (
    ("legend", ""),
    ("input", "## Input"),
    ("output", "## Output"),
    ("scoring", "## Scoring"),
    ("notes", "## Note"),
)
_WRONG_TAGS = ("wrong-answer", "rejected", "presentation-error", "failed")
_MEGABYTE = 2**20


def read_polygon(files: PackageFiles, default_name: str) -> Statement:
    """The problem in a package with a problem.xml.

    Raises ProblemError for a package that is malformed or has no statement, and for an interactive problem.
    """
    try:
        root = ElementTree.fromstring(files.text("problem.xml"))
    except (ElementTree.ParseError, ValueError) as error:
        raise ProblemError(f"{files.source}: problem.xml: not valid XML: {error}") from error
    if root.find("assets/interactor") is not None:
        raise ProblemError(f"{files.source}: the problem is interactive; only problems with fixed inputs can be solved")
    language, name = _title(root)
    title = name or root.get("short-name") or default_name
    testset = _testset(root)
    examples, hidden, notes = _tests(files, testset)
    judging = checker_judging(_checker(root))
    judge = root.find("judging")
    if judge is not None and (file := judge.get("input-file") or judge.get("output-file")):
        notes.append(f"the judge uses files such as {file}; here programs use standard input and output")
    notes += [judging.note] if judging.note else []
    reference, submissions = _programs(files, root)
    problem = Problem(
        _question(files, root, language, title),
        examples,
        hidden=hidden,
        time_limit_s=_number(testset, "time-limit", 1000, files) / 1000,
        memory_mb=int(_number(testset, "memory-limit", 256 * _MEGABYTE, files) // _MEGABYTE) or 1,
        name=title,
        comparison=judging.comparison,
        reference=reference,
        submissions=submissions,
    )
    return Statement(problem, tuple(f"{files.source}: {note}" for note in notes))


def _title(root: ElementTree.Element) -> tuple[str, str]:
    """Language and name of the problem, in English where there is such a name."""
    names = [(item.get("language", ""), item.get("value", "")) for item in root.findall("names/name")]
    return next((pair for pair in names if pair[0] == "english"), names[0] if names else ("english", ""))


def _question(files: PackageFiles, root: ElementTree.Element, language: str, title: str) -> str:
    """The statement. Raises ProblemError where the package has none in TeX, Markdown or JSON."""
    sections = _sections(files, language)
    if any(sections.values()):
        parts = [f"{head}\n\n{text_of(sections[key])}".strip() for key, head in _SECTIONS if sections.get(key)]
        return "\n\n".join([f"# {title}", *parts])
    paths = [item.get("path", "") for item in root.findall("statements/statement")]
    for path in (path for path in paths if path.endswith((".tex", ".md")) and files.has(path)):
        return text_of(files.text(path)) if path.endswith(".tex") else files.text(path)
    raise ProblemError(f"{files.source}: the package has no statement in TeX, Markdown or JSON")


def _sections(files: PackageFiles, language: str) -> dict[str, str]:
    """Sections of the statement by name, read from problem-properties.json or else from files."""
    properties = f"statements/{language}/problem-properties.json"
    if files.has(properties):
        try:
            found = json.loads(files.text(properties))
        except (ValueError, RecursionError) as error:
            raise ProblemError(f"{files.source}: {properties}: not valid JSON: {error}") from error
        if isinstance(found, dict):
            return {key: str(found.get(key) or "") for key, _ in _SECTIONS}
    folder = f"statement-sections/{language}"
    return {key: files.text(f"{folder}/{key}.tex") for key, _ in _SECTIONS if files.has(f"{folder}/{key}.tex")}


def _testset(root: ElementTree.Element) -> ElementTree.Element:
    """The set of tests called `tests`, else the last one; an empty element where there is none."""
    sets = root.findall("judging/testset")
    return next(
        (item for item in sets if item.get("name") == "tests"), sets[-1] if sets else ElementTree.Element("none")
    )


def _tests(
    files: PackageFiles, testset: ElementTree.Element
) -> tuple[tuple[UnitTest, ...], tuple[UnitTest, ...], list[str]]:
    """Public tests (samples), hidden tests, and notes."""
    given = testset.findtext("input-path-pattern") or "tests/%02d"
    expected = testset.findtext("answer-path-pattern") or "tests/%02d.a"
    for pattern in (given, expected):
        if not _PATTERN.fullmatch(pattern):
            raise ProblemError(f"{files.source}: problem.xml: {pattern[:40]!r} is not a file name pattern with one %d")
    listed = testset.findall("tests/test")
    counted = int(_number(testset, "test-count", len(listed), files))
    examples: list[UnitTest] = []
    hidden: list[UnitTest] = []
    missing = 0
    for number in range(1, min(counted, 100_000) + 1):
        names = (given % number, expected % number)
        if not all(map(files.has, names)):
            missing += 1
            continue
        sample = number <= len(listed) and listed[number - 1].get("sample") == "true"
        origin: TestOrigin = "public" if sample else "hidden"
        (examples if sample else hidden).append(UnitTest(files.text(names[0]), files.text(names[1]), origin))
    notes = []
    if missing:
        notes.append(f"{missing} of {counted} tests are not in the package; a full package has them")
    if not examples:
        examples = _shown(files)
    return tuple(examples), tuple(hidden), notes


def _shown(files: PackageFiles) -> list[UnitTest]:
    """The public examples stored with the statement, in its first language."""
    names = files.names(r"statement-sections/[^/]+/example\.\d+")
    first = [name for name in names if name.rpartition("/")[0] == names[0].rpartition("/")[0]]
    return [UnitTest(files.text(name), files.text(f"{name}.a"), "public") for name in first if files.has(f"{name}.a")]


def _checker(root: ElementTree.Element) -> str:
    """The checker's name, else its file; empty where there is none."""
    for place in ("assets/checker", "checker"):
        if (found := root.find(place)) is not None:
            source = found.find("source")
            return found.get("name", "") or (source.get("path", "") if source is not None else "")
    return ""


def _programs(files: PackageFiles, root: ElementTree.Element) -> tuple[str, tuple[Submission, ...]]:
    """The main solution, if it is in Python, and the other Python solutions that are labelled right or wrong."""
    reference, others = "", []
    for item in root.findall("assets/solutions/solution"):
        source = item.find("source")
        path = source.get("path", "") if source is not None else ""
        if not path.endswith(".py") or not files.has(path):
            continue
        tag = item.get("tag", "")
        if tag == "main":
            reference = files.text(path)
        elif tag == "accepted" or tag in _WRONG_TAGS:
            others.append(Submission(files.text(path), tag == "accepted", path.rpartition("/")[2]))
    return reference, tuple(others)


def _number(testset: ElementTree.Element, name: str, default: float, files: PackageFiles) -> float:
    text = testset.findtext(name) or ""
    if not text.strip():
        return default
    if not re.fullmatch(r"[0-9]{1,15}", text.strip()) or not int(text):
        raise ProblemError(f"{files.source}: problem.xml: {name} is {text.strip()[:40]!r}, expected a positive number")
    return int(text)
