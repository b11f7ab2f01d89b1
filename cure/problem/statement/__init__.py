"""Reads problems from statements in Markdown or plain text, as people paste them.

`words` lists labels by language and `labels` finds them in lines; `items` turns lines into blocks and labelled lines,
`parts` collects inputs and outputs from these with `tables` and `data`, `samples` pairs inputs with outputs, `puzzle`
reads the form of Advent of Code, `statement` makes the problem.
"""

from cure.problem.statement.statement import Statement, read_statement

__all__ = ["Statement", "read_statement"]
