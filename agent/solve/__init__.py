"""Solves one problem: a strategy names a move, it is carried out, the table is executed and read, until the end."""
