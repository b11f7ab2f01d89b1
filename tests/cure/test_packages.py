"""Problems out of packages of Polygon and of the ICPC, as directories and as zip files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cure.errors import ProblemError
from cure.problem import Problem, Submission, UnitTest
from cure.problem.file import ProblemFile, load_problems, read_problem_file
from cure.problem.packages.judging import CHECKERS, checker_judging, validator_comparison
from cure.problem.packages.tex import text_of
from cure.problem.packages.validator import checker_of
from cure.table.compare import comparison

Files = dict[str, str]

PROBLEM_XML = """<?xml version="1.0" encoding="utf-8" standalone="no"?>
<problem revision="3" short-name="twice">
  <names><name language="russian" value="Дважды"/><name language="english" value="Twice"/></names>
  <statements>
    <statement charset="UTF-8" language="english" path="statements/english/problem.tex" type="application/x-tex"/>
  </statements>
  <judging input-file="" output-file="">
    <testset name="tests">
      <time-limit>1500</time-limit><memory-limit>67108864</memory-limit><test-count>3</test-count>
      <input-path-pattern>tests/%02d</input-path-pattern><answer-path-pattern>tests/%02d.a</answer-path-pattern>
      <tests><test method="manual" sample="true"/><test method="manual"/><test cmd="gen 3" method="generated"/></tests>
    </testset>
  </judging>
  <assets>
    <checker name="std::ncmp.cpp" type="testlib"><source path="files/check.cpp" type="cpp.g++17"/></checker>
    <solutions>
      <solution tag="main"><source path="solutions/main.py" type="python.3"/></solution>
      <solution tag="wrong-answer"><source path="solutions/wrong.py" type="python.3"/></solution>
      <solution tag="accepted"><source path="solutions/other.cpp" type="cpp.g++17"/></solution>
    </solutions>
  </assets>
</problem>
"""
POLYGON: Files = {
    "problem.xml": PROBLEM_XML,
    "statements/english/problem-properties.json": json.dumps(
        {"name": "Twice", "legend": "Print \\textbf{twice} $n$.", "input": "One $n$.", "output": "$2n$.", "notes": None}
    ),
    "tests/01": "5\r\n",
    "tests/01.a": "10\r\n",
    "tests/02": "7\n",
    "tests/02.a": "14\n",
    "tests/03": "8\n",
    "tests/03.a": "16\n",
    "solutions/main.py": "print(2 * int(input()))\n",
    "solutions/wrong.py": "print(3 * int(input()))\n",
}
POLYGON_PROBLEM = Problem(
    "# Twice\n\nPrint **twice** $n$.\n\n## Input\n\nOne $n$.\n\n## Output\n\n$2n$.",
    (UnitTest("5\n", "10\n", "public"),),
    hidden=(UnitTest("7\n", "14\n", "hidden"), UnitTest("8\n", "16\n", "hidden")),
    time_limit_s=1.5,
    memory_mb=64,
    name="Twice",
    comparison="release",
    reference="print(2 * int(input()))\n",
    submissions=(Submission("print(3 * int(input()))\n", False, "wrong.py"),),
)
ICPC: Files = {
    "problem.yaml": "name: Twice\nlimits:\n  memory: 512\nvalidator_flags: float_tolerance 1e-4 case_sensitive\n",
    "problem_statement/problem.en.tex": "\\problemname{Twice}\n% a remark\nPrint $2n$.\n\\section*{Input}\nOne $n$.\n",
    "problem_statement/problem.sv.tex": "\\problemname{Dubbelt}\n",
    ".timelimit": "2\n",
    "data/sample/1.in": "5\n",
    "data/sample/1.ans": "10\n",
    "data/secret/10.in": "9\n",
    "data/secret/10.ans": "18\n",
    "data/secret/group/2.in": "7\n",
    "data/secret/group/2.ans": "14\n",
    "submissions/accepted/right.py": "print(2 * int(input()))\n",
    "submissions/wrong_answer/wrong.py": "print(3 * int(input()))\n",
}
ICPC_PROBLEM = Problem(
    "# Twice\n\nPrint $2n$.\n\n## Input\n\nOne $n$.",
    (UnitTest("5\n", "10\n", "public"),),
    hidden=(UnitTest("9\n", "18\n", "hidden"), UnitTest("7\n", "14\n", "hidden")),
    time_limit_s=2.0,
    memory_mb=512,
    name="Twice",
    comparison="float(1e-4,1e-4)",
    reference="print(2 * int(input()))\n",
    submissions=(Submission("print(3 * int(input()))\n", False, "wrong.py"),),
)


def folder(path: Path, files: Files) -> Path:
    """A directory with these files."""
    for name, text in files.items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    return path


def archive(path: Path, files: Files, inside: str = "") -> Path:
    """A zip file with these files below the folder `inside`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(inside + name, text)
    return path


def read(path: Path) -> ProblemFile:
    """What a package holds."""
    return read_problem_file(str(path))


@pytest.mark.parametrize(
    ("files", "problem"), [(POLYGON, POLYGON_PROBLEM), (ICPC, ICPC_PROBLEM)], ids=["Polygon", "ICPC"]
)
def test_a_package_is_a_problem_in_every_wrapping(files: Files, problem: Problem, tmp_path: Path) -> None:
    wanted = ProblemFile([problem])
    assert read(folder(tmp_path / "unpacked", files)) == wanted
    assert read(archive(tmp_path / "top.zip", files)) == wanted
    assert read(archive(tmp_path / "inside.zip", files, "twice-3/")) == wanted


def notes(path: Path) -> list[str]:
    """The notes on a package, without its path in front."""
    return [note.removeprefix(f"{path}: ") for note in read(path).notes]


def test_polygon_names_what_it_lacks(tmp_path: Path) -> None:
    files = {name: text for name, text in POLYGON.items() if not name.startswith(("tests/03", "statements/"))}
    files["problem.xml"] = PROBLEM_XML.replace('name="std::ncmp.cpp" ', "").replace(
        'input-file=""', 'input-file="in.txt"'
    )
    files["statement-sections/english/legend.tex"] = "Print it.\r\n"
    made = folder(tmp_path / "p", files)
    assert notes(made) == [
        "1 of 3 tests are not in the package; a full package has them",
        "the judge uses files such as in.txt; here programs use standard input and output",
        "the checker files/check.cpp is a program that cannot be run here; outputs are compared as tokens, and other "
        "right answers count as wrong",
    ]
    (problem,) = read(made).problems
    assert (problem.question, problem.comparison, len(problem.hidden)) == ("# Twice\n\nPrint it.", "", 1)


def test_samples_may_lie_with_polygons_statement(tmp_path: Path) -> None:
    files = {
        **POLYGON,
        "problem.xml": PROBLEM_XML.replace(' sample="true"', ""),
        "statement-sections/english/example.01": "1\n",
        "statement-sections/english/example.01.a": "2\n",
    }
    (problem,) = read(folder(tmp_path / "p", files)).problems
    assert problem.examples == (UnitTest("1\n", "2\n", "public"),)
    assert len(problem.hidden) == 3


NEW_ICPC: Files = {
    "problem.yaml": "problem_format_version: 2023-07-draft\ntype: pass-fail\nname:\n  sv: Dubbelt\n  en: Twice\n"
    "limits:\n  time_limit: 1.5\n",
    "statement/problem.en.md": "Print $2n$.\n",
    "data/sample/1.in": "5\n",
    "data/sample/1.ans": "10\n",
    "data/secret/test_group.yaml": "output_validator_args: [float_absolute_tolerance, '1e-3']\n",
}


def test_the_newer_format_has_other_places_for_the_same(tmp_path: Path) -> None:
    made = folder(tmp_path / "p", NEW_ICPC)
    (problem,) = read(made).problems
    assert (problem.name, problem.question, problem.time_limit_s) == ("Twice", "# Twice\n\nPrint $2n$.", 1.5)
    assert (problem.comparison, problem.memory_mb) == ("validator(float_absolute_tolerance 1e-3)", 2048)
    assert notes(made) == []


VALIDATOR = """import sys
given, answer = open(sys.argv[1]).read(), open(sys.argv[2]).read()
most = int(sys.argv[4])
found = int(sys.stdin.read())
sys.exit(42 if found % 2 == 0 and int(given) < found <= most else 43)
"""


def test_inputs_without_an_answer_are_told(tmp_path: Path) -> None:
    made = folder(tmp_path / "p", {**ICPC, "data/secret/3.in": "3\n", "data/sample/2.in": "1\n"})
    assert notes(made) == ["2 of 5 tests have an input but no answer (.ans), and are left out"]
    assert read(made).problems == [ICPC_PROBLEM]


def test_a_validator_in_python_becomes_a_checker(tmp_path: Path) -> None:
    files = {
        **ICPC,
        "problem.yaml": "name: Even\nvalidation: custom\nvalidator_flags: 100\n",
        "output_validators/check/validate.py": VALIDATOR,
    }
    made = folder(tmp_path / "p", files)
    (problem,) = read(made).problems
    assert (problem.comparison, problem.checker, notes(made)) == ("", checker_of(VALIDATOR, ["100"]), [])

    def accepts(output: str) -> bool:
        asked = json.dumps({"input": "5\n", "output": output, "expected": "6\n"})
        done = subprocess.run([sys.executable, "-c", problem.checker], input=asked, text=True, check=False)
        return done.returncode == 0

    assert [accepts(output) for output in ("6\n", "100", "102", "4", "7", "")] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]


def test_a_validator_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    files = {**ICPC, "problem.yaml": "validation: custom\n", "output_validators/validate.cpp": "int main() {}\n"}
    del files[".timelimit"]
    made = folder(tmp_path / "p", files)
    assert notes(made) == [
        "the validator output_validators/validate.cpp cannot be run here; outputs are compared as tokens, and other "
        "right answers count as wrong",
        "the package states no time limit; 1 second is used",
    ]
    assert read(made).problems[0].name == "Twice"


@pytest.mark.parametrize("checker", CHECKERS)
def test_standard_checkers_have_comparisons(checker: str) -> None:
    for name in (f"std::{checker}.cpp", f"files/{checker}.cpp"):
        judging = checker_judging(name)
        assert judging.note == ""
        assert comparison(judging.comparison)("12\n", "12\n")
        assert not comparison(judging.comparison)("12\n", "13\n")


@pytest.mark.parametrize(
    ("flags", "name"),
    [
        ("", "case-insensitive"),
        ("case_sensitive", "release"),
        ("space_change_sensitive", "validator(space_change_sensitive)"),
        ("space_change_sensitive case_sensitive", "validator(space_change_sensitive case_sensitive)"),
        ("case_sensitive float_tolerance 1e-6", "float(1e-6,1e-6)"),
        ("case_sensitive float_absolute_tolerance .5", "float(.5,0)"),
        ("case_sensitive float_relative_tolerance 1E-9", "float(0,1E-9)"),
        ("float_tolerance 1e-4", "validator(float_tolerance 1e-4)"),
    ],
)
def test_flags_of_the_validator_choose_a_comparison(flags: str, name: str) -> None:
    assert validator_comparison(flags.split(), "p") == name
    assert comparison(name)("1 a\n", "1 a\n")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"problem.xml": "<problem"}, "problem.xml: not valid XML: unclosed token: line 1, column 0"),
        ({"problem.xml": "<problem/>"}, "the package has no statement in TeX, Markdown or JSON"),
        (
            {"problem.xml": "<problem><assets><interactor/></assets></problem>"},
            "the problem is interactive; only problems with fixed inputs can be solved",
        ),
        (
            {**POLYGON, "problem.xml": PROBLEM_XML.replace("tests/%02d<", "tests/%s<")},
            "problem.xml: 'tests/%s' is not a file name pattern with one %d",
        ),
        (
            {**POLYGON, "problem.xml": PROBLEM_XML.replace("1500", "soon")},
            "problem.xml: time-limit is 'soon', expected a positive number",
        ),
        (
            {**POLYGON, "problem.xml": PROBLEM_XML.replace("1500", "3600001")},
            "a limit of 3600 seconds, expected at most 3600",
        ),
        ({"problem.yaml": "a: [\n"}, "problem.yaml: not valid YAML: "),
        ({"problem.yaml": "- 1\n"}, "problem.yaml: expected fields with values"),
        ({"problem.yaml": "name: x\n"}, "the package has no statement in TeX or Markdown"),
        (
            {"problem.yaml": "validation: custom interactive\n"},
            "the problem is interactive; only problems with fixed inputs can be solved",
        ),
        (
            {"problem.yaml": "type: [multi-pass]\n"},
            "the problem is multi-pass; only problems with fixed inputs can be solved",
        ),
        (
            {**ICPC, "problem.yaml": "validator_flags: float_tolerance\n"},
            "flags of the validator: float_tolerance is followed by '', expected a number of at least 0",
        ),
        (
            {**ICPC, "problem.yaml": "limits: {memory: lots}\n"},
            "problem.yaml: limits.memory is 'lots', expected a positive number",
        ),
    ],
)
def test_a_bad_package_gets_one_line(files: Files, message: str, tmp_path: Path) -> None:
    for path in (folder(tmp_path / "p", files), archive(tmp_path / "p.zip", files)):
        with pytest.raises(ProblemError) as error:
            load_problems(str(path))
        assert str(error.value).startswith(f"{path}: {message}")
        assert "\n" not in str(error.value)


def test_a_bad_zip_file_gets_one_line(tmp_path: Path) -> None:
    torn, empty, several = tmp_path / "torn.zip", tmp_path / "empty.zip", tmp_path / "several.zip"
    torn.write_bytes(archive(tmp_path / "whole.zip", ICPC).read_bytes()[:200])
    archive(empty, {"README": "x"})
    archive(several, {"a/problem.yaml": "", "b/problem.xml": ""})
    for path, words in (
        (torn, "cannot be read as a zip file"),
        (empty, "holds neither"),
        (several, "several packages (a, b)"),
    ):
        with pytest.raises(ProblemError, match="^" + str(path)) as error:
            load_problems(str(path))
        assert words in str(error.value)


def test_a_directory_that_cannot_be_listed_gets_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = folder(tmp_path / "p", ICPC)
    monkeypatch.chdir(made)
    for _ in range(20):  # deeper than a path may be long
        Path("x" * 250).mkdir()
        os.chdir("x" * 250)
    with pytest.raises(ProblemError, match=f"^{made}: cannot be read as a package ") as error:
        load_problems(str(made))
    assert "\n" not in str(error.value)


def test_tex_becomes_readable() -> None:
    tex = (
        "\\section{Task}\n% hidden\nA \\emph{b} and \\texttt{c} at 5\\% of $x_1 \\le 2$.\\\\Next\n"
        "\\begin{itemize}\n  \\item one\n\\end{itemize}\n\\includegraphics[width=3cm]{cow.png}\n``so''~it"
    )
    assert text_of(tex) == (
        '## Task\n\nA *b* and `c` at 5% of $x_1 \\le 2$.\nNext\n\n  - one\n\n(picture cow.png)\n"so" it'
    )
