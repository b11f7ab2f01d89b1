"""The one execution table that solver, trainer and evaluator share, and everything that fills it.

`table` defines the table as an immutable value, `judging` decides what a right output is, `pairs` makes sandbox jobs,
`executor` fills cells, `growing` is the table of a solve under way, `compare` compares outputs.
"""

from cure.table.executor import Executor, ProgramExecutor, fill
from cure.table.growing import GrowingTable
from cure.table.judging import Judging, judging_of
from cure.table.pairs import run_pairs
from cure.table.table import (
    AnyTable,
    Candidate,
    CandidateOrigin,
    Cell,
    Column,
    ExecutionTable,
    Pair,
    ProgramColumn,
    ProgramTable,
    Row,
    behaviour,
    clusters,
    pass_matrix,
    separating,
)

__all__ = [
    "AnyTable",
    "Candidate",
    "CandidateOrigin",
    "Cell",
    "Column",
    "ExecutionTable",
    "Executor",
    "GrowingTable",
    "Judging",
    "Pair",
    "ProgramColumn",
    "ProgramExecutor",
    "ProgramTable",
    "Row",
    "behaviour",
    "clusters",
    "fill",
    "judging_of",
    "pass_matrix",
    "run_pairs",
    "separating",
]
