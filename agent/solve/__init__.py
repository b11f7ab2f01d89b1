"""Solves one problem in rounds: a strategy chooses a move, the move samples, the table is executed and read."""
