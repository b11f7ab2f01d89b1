"""The execution table: candidates x tests, with what every program did, not only whether it passed."""

from cure.table.table import Candidate, CandidateOrigin, Cell, ExecutionTable, behaviour, clusters

__all__ = ["Candidate", "CandidateOrigin", "Cell", "ExecutionTable", "behaviour", "clusters"]
