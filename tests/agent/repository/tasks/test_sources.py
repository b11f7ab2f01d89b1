"""Sources are read as what they are: programs with tests of one function each."""

from __future__ import annotations

import ast
from pathlib import Path

from benchmarks.repository_tasks import humanevalpack, quixbugs
from benchmarks.repository_tasks.program import Program


def test_quixbugs_has_40_programs_that_differ_from_their_fixes(shared_data: Path) -> None:
    programs = quixbugs.read_programs(shared_data)
    assert len(programs) == 40
    assert all(program.buggy != program.fixed and program.description for program in programs)
    by_name = {program.name: program for program in programs}
    assert by_name["gcd"].cases[0].text == "def test_gcd_1():\n    assert gcd(17, 0) == 17\n"
    assert "pytest.approx(" in by_name["sqrt"].cases[0].text and "import pytest" in by_name["sqrt"].cases[0].file
    assert "[(1, 3)]" in by_name["hanoi"].cases[1].text
    assert "node1 = Node(1)" in by_name["detect_cycle"].cases[0].text


def test_humanevalpack_has_164_programs_with_shown_and_hidden_tests(shared_data: Path) -> None:
    programs = humanevalpack.read_programs(shared_data)
    assert len(programs) == 164
    assert sum(bool(program.shown) for program in programs) == 158
    assert all(len(program.cases) > len(program.shown) for program in programs)


def test_all_modules_and_tests_are_python(shared_data: Path) -> None:
    programs: list[Program] = [*quixbugs.read_programs(shared_data), *humanevalpack.read_programs(shared_data)]
    for program in programs:
        assert len({case.name for case in program.cases}) == len(program.cases)
        for text in (program.buggy, program.fixed, *(case.file for case in program.cases)):
            ast.parse(text)
