"""Errors about data sets that a user can correct."""

from cure.errors import ProblemError


class DatasetError(ProblemError):
    """A set is unknown, absent, damaged or in a wrong form; one line that says what to do. Exit code 2."""
