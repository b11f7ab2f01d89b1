"""Errors about data sets that a user can correct."""

from cure.errors import ProblemError


class DatasetError(ProblemError):
    """A set is unknown, absent, damaged or malformed; the message says what to do. The command exits with 2."""
