"""Packages of the ICPC and of Kattis (https://icpc.io/problem-package-format): problem.yaml, data, statements.

The legacy format and that of 2023-07 and later differ in names of folders and in where the validator's flags are; both
are read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cure.errors import ProblemError
from cure.problem import Problem, Submission, TestOrigin, UnitTest
from cure.problem.packages.files import PackageFiles
from cure.problem.packages.judging import PackageJudging, validator_comparison
from cure.problem.packages.tex import text_of
from cure.problem.packages.validator import checker_of
from cure.problem.statement import Statement

_STATEMENT = r"(?:problem_statement|statement)/problem(?:\.([a-z]{2,3}(?:-[A-Z]{2})?))?\.(md|tex)"
_UNSUITABLE = ("interactive", "multi-pass", "multipass", "submit-answer")
_MEMORY_MB = 2048  # the format's default


def read_icpc(files: PackageFiles, default_name: str) -> Statement:
    """The problem in a package with a problem.yaml.

    Raises ProblemError for a package that is malformed or has no statement, and for a problem that is interactive,
    multi-pass or asks for outputs in place of a program (`submit-answer`).
    """
    settings = _yaml(files, "problem.yaml")
    kinds = _words(settings.get("type")) + _words(settings.get("validation"))
    for kind in kinds:
        if kind in _UNSUITABLE:
            raise ProblemError(f"{files.source}: the problem is {kind}; only problems with fixed inputs can be solved")
    notes: list[str] = []
    question, title = _question(files)
    name = _name(settings.get("name")) or title or default_name
    judging, checker = _judging(files, settings, kinds)
    notes += [judging.note] if judging.note else []
    stated = settings.get("limits")
    limits: dict[str, Any] = stated if isinstance(stated, dict) else {}
    time_limit = _time_limit(files, limits)
    if time_limit is None:
        notes.append("the package states no time limit; 1 second is used")
    inputs = files.names(r"data/(?:sample|secret)/.+\.in")
    if missing := sum(not files.has(_answer(name)) for name in inputs):
        notes.append(f"{missing} of {len(inputs)} tests have an input but no answer (.ans), and are left out")
    accepted, wrong = (_programs(files, folder) for folder in ("accepted", "wrong_answer"))
    problem = Problem(
        question if question.startswith("# ") else f"# {name}\n\n{question}",
        _tests(files, "sample", "public"),
        hidden=_tests(files, "secret", "hidden"),
        time_limit_s=time_limit or 1.0,
        memory_mb=int(_number(files, limits, "memory") or _MEMORY_MB),
        name=name,
        comparison=judging.comparison,
        checker=checker,
        reference=accepted[0][1] if accepted else "",
        submissions=(
            *(Submission(text, True, program) for program, text in accepted[1:]),
            *(Submission(text, False, program) for program, text in wrong),
        ),
    )
    return Statement(problem, tuple(f"{files.source}: {note}" for note in notes))


def _yaml(files: PackageFiles, name: str) -> dict[str, Any]:
    """The mapping in a YAML file; empty for an empty file."""
    import yaml

    try:
        found = yaml.safe_load(files.text(name))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        line = str(error).replace("\n", " ")[:200]
        raise ProblemError(f"{files.source}: {name}: not valid YAML: {line}") from error
    if not isinstance(found, dict | None):
        raise ProblemError(f"{files.source}: {name}: expected fields with values")
    return found or {}


def _question(files: PackageFiles) -> tuple[str, str]:
    """The statement, preferably in English, and the name that it gives the problem, empty where it gives none.

    Raises ProblemError where the package has no statement in TeX or Markdown.
    """
    found = {}
    for path in files.names(_STATEMENT):
        match = re.fullmatch(_STATEMENT, path)
        assert match is not None  # the names were chosen by this pattern
        found[(match[1] or "en") != "en", match[2] != "md", path] = match[2]
    if not found:
        raise ProblemError(f"{files.source}: the package has no statement in TeX or Markdown")
    path = min(found)[2]
    text = files.text(path)
    if path.endswith(".md"):
        heading = re.match(r"\s*# (.+)", text)
        return text.strip(), heading[1].strip() if heading else ""
    plain = re.search(r"%% plainproblemname:\s*(.+)", text) or re.search(r"\\problemname\{([^{}]*)\}", text)
    return text_of(text), plain[1].strip() if plain else ""


def _judging(files: PackageFiles, settings: dict[str, Any], kinds: Sequence[str]) -> tuple[PackageJudging, str]:
    """The comparison, and the checker: the validator of the package if it is a single Python file, else empty."""
    flags = _words(settings.get("validator_flags"))
    for name in ("testdata.yaml", "test_group.yaml"):
        for folder in ("data", "data/secret"):
            if files.has(f"{folder}/{name}"):
                group = _yaml(files, f"{folder}/{name}")
                flags = _words(group.get("output_validator_args") or group.get("output_validator_flags")) or flags
    programs = files.names(r"output_validators?/.+\.\w+")
    if "custom" not in kinds and not files.names(r"output_validator/.+"):
        return PackageJudging(validator_comparison(flags, f"{files.source}: flags of the validator")), ""
    if len(programs) == 1 and programs[0].endswith(".py"):
        return PackageJudging(), checker_of(files.text(programs[0]), flags)
    reason = "cannot be run here; outputs are compared as tokens, and other right answers count as wrong"
    return PackageJudging(note=f"the validator {', '.join(programs[:3]) or 'of the package'} {reason}"), ""


def _tests(files: PackageFiles, group: str, origin: TestOrigin) -> tuple[UnitTest, ...]:
    """The tests of a group; inputs without a file of the answer are left out."""
    return tuple(
        UnitTest(files.text(name), files.text(_answer(name)), origin)
        for name in files.names(rf"data/{group}/.+\.in")
        if files.has(_answer(name))
    )


def _answer(name: str) -> str:
    """The name of the file with the answer to an input."""
    return f"{name.removesuffix('.in')}.ans"


def _programs(files: PackageFiles, folder: str) -> list[tuple[str, str]]:
    """Names and texts of the Python programs in a folder of `submissions/`."""
    names = files.names(rf"submissions/{folder}/[^/]+\.py3?")
    return [(name.rpartition("/")[2], files.text(name)) for name in names]


def _time_limit(files: PackageFiles, limits: dict[str, Any]) -> float | None:
    """The time limit in seconds; None where the package states none."""
    if stated := _number(files, limits, "time_limit"):
        return stated
    for name, pattern in (
        (".timelimit", r"([\d.]+)"),
        ("domjudge-problem.ini", r"(?m)^[ \t]*timelimit[ \t]*=[ \t]*['\"]?([\d.]+)"),
    ):
        if files.has(name) and (match := re.search(pattern, files.text(name))):
            return _positive(match[1], f"{files.source}: {name}")
    return None


def _number(files: PackageFiles, limits: dict[str, Any], field: str) -> float | None:
    value = limits.get(field)
    return None if value is None else _positive(str(value), f"{files.source}: problem.yaml: limits.{field}")


def _positive(text: str, where: str) -> float:
    if re.fullmatch(r"\d{1,9}(?:\.\d{0,9})?|\.\d{1,9}", text) and float(text) > 0:
        return float(text)
    raise ProblemError(f"{where} is {text[:40]!r}, expected a positive number")


def _name(value: object) -> str:
    """The problem's name, in English where there are several."""
    if isinstance(value, dict):
        value = value.get("en") or next(iter(value.values()), "")
    return value.strip() if isinstance(value, str) else ""


def _words(value: object) -> list[str]:
    """The words of a text, a list, or the fields of a mapping that are set."""
    if isinstance(value, dict):
        return [str(key) for key, wanted in value.items() if wanted]
    parts = value if isinstance(value, list) else [value] if isinstance(value, str | int | float) else []
    return [word for part in parts for word in str(part).split()]
