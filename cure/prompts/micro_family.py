"""Whether a statement is of the one family of problems that the bundled micro model was trained on."""

from __future__ import annotations

import re

WORDS = frozenset(
    """a above absolute add after all and are around ascending at below between but by compute copy count descending
    differences distance distances divide divisible double down downwards drop duplicates each end even every finally
    find first for fourth from front given greater greatest holds how if in increase input is it its itself keep larger
    largest last least left length less line list make many maximum minimum minus modulo most move multiples multiply
    neighbours next no not number numbers odd of on one ones only order other prefix print quotient read reduce
    remainder remove repeated replace resulting reverse right rotate round rounding running second shift sign smallest
    so sort square starting steps sum sums take than the then there these third times to total turn up upwards what with
    without""".split()  # noqa: SIM905 (words are read more easily as a text)
)
"""Words of the statements in `trainer/micro/wording.py` and `trainer/micro/operations.py`, in lower case."""

_WORD = re.compile(r"[^\W\d_]+")


def is_of_micro_family(statement: str) -> bool:
    """Whether the statement has words, all of them words of the family."""
    words = _WORD.findall(statement.lower())
    return bool(words) and WORDS.issuperset(words)
