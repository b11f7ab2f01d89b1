"""Problems out of plain statements, in the forms in which people paste them.

`words` has the labels by language and `labels` finds them; `items` turns lines into blocks and labelled lines, `parts`
walks over these with `tables` and `data`, `samples` pairs what was found, `puzzle` reads the form of Advent of Code,
`statement` makes the problem.
"""

from cure.problem.statement.statement import Statement, read_statement

__all__ = ["Statement", "read_statement"]
