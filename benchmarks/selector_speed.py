"""CPU time in milliseconds that every selector takes for one table, including the comparison of outputs.

Tables are drawn at random; programs of different behaviour are the slowest case, and outputs are short.

    python benchmarks/selector_speed.py
"""

from __future__ import annotations

import argparse
import random
import time

from cure.problem import UnitTest
from cure.select import SELECTORS, Selector
from cure.table import Candidate, Cell, ProgramTable
from sandbox import Verdict

SIZES = ((8, 8), (16, 16), (64, 64))


def drawn(programs: int, tests: int) -> ProgramTable:
    """A table of this size and two trusted tests more; on average, 54 % of the cells pass and 10 % are crashes."""
    rng = random.Random(0)
    columns = {f"e{i}": UnitTest(f"example {i}", "1", "public") for i in range(2)}
    columns |= {f"t{i}": UnitTest(f"input {i}", "1") for i in range(tests)}
    rows = {f"c{i}": Candidate(f"program {i}") for i in range(programs)}
    cells = {(row, column): _cell(rng) for row in rows for column in columns}
    return ProgramTable(rows, columns, cells)


def _cell(rng: random.Random) -> Cell:
    printed = rng.choice("1111112345")
    if rng.random() < 0.1:
        return Cell(verdict=Verdict.CRASH, passed=False)
    return Cell(verdict=Verdict.OK, passed=printed == "1", stdout=printed)


def milliseconds(select: Selector, table: ProgramTable, repetitions: int) -> float:
    """The shortest CPU time of `repetitions` calls, each on a table that has cached nothing yet."""
    times = []
    for _ in range(repetitions):
        fresh = ProgramTable(table.candidates, table.tests, table.cells)
        start = time.process_time()
        select(fresh)
        times.append(time.process_time() - start)
    return min(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=7)
    repetitions = parser.parse_args().repetitions
    tables = {size: drawn(*size) for size in SIZES}
    print(f"{'selector':<12}" + "".join(f"{f'{n} x {m}':>12}" for n, m in SIZES))
    for name, select in SELECTORS.items():
        print(
            f"{name:<12}" + "".join(f"{milliseconds(select, table, repetitions):9.1f} ms" for table in tables.values())
        )


if __name__ == "__main__":
    main()
