"""What a repair is about: which failure it is for, whether it is accepted, and what its prompt says about the table.

Everything here is a pure function of the execution table, whatever its rows and columns are.
"""

from cure.repair.accepted import accepted, given_up
from cure.repair.signature import Signature, signature
from cure.repair.summary import Behaviour, SeparatingInput, TableSummary, summary_of

__all__ = [
    "Behaviour",
    "SeparatingInput",
    "Signature",
    "TableSummary",
    "accepted",
    "given_up",
    "signature",
    "summary_of",
]
