"""Small execution tables, drawn with one character per cell."""

from __future__ import annotations

from cure.problem import UnitTest, UnlabelledInput
from cure.table import Candidate, Cell, ProgramColumn, ProgramTable
from sandbox import Verdict


def draw(*rows: str, trusted: int = 0, inputs: int = 0) -> ProgramTable:
    """A table with a row per string, `c0`, `c1`, ..., and a column per character, `t0`, `t1`, ...

    The first `trusted` columns are public examples, the last `inputs` columns inputs without a known output. A digit or
    letter is what the program printed, `.` stands for the printed text "ok", which every test expects, `!` for a crash,
    `?` for an execution on which the sandbox failed.
    """
    width = len(rows[0])
    tests: dict[str, ProgramColumn] = {
        f"t{j}": UnitTest(f"input {j}\n", "ok\n", "public" if j < trusted else "generated") for j in range(width)
    }
    tests |= {f"t{j}": UnlabelledInput(f"input {j}\n", "drawn") for j in range(width - inputs, width)}
    candidates = {f"c{i}": Candidate(f"print({i})") for i in range(len(rows))}
    cells = {(f"c{i}", f"t{j}"): _cell(mark) for i, row in enumerate(rows) for j, mark in enumerate(row)}
    return ProgramTable(candidates, tests, cells)


def _cell(mark: str) -> Cell:
    if mark == ".":
        return Cell(verdict=Verdict.OK, passed=True, stdout="ok\n")
    if mark == "!":
        return Cell(verdict=Verdict.CRASH, passed=False, reason="ValueError")
    if mark == "?":
        return Cell(verdict=Verdict.SANDBOX_ERROR, passed=False)
    return Cell(verdict=Verdict.OK, passed=False, stdout=mark + "\n")
