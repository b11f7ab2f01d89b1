"""What a user of data sets can put right."""

from cure.errors import ProblemError


class DatasetError(ProblemError):
    """A set is unknown, absent, damaged or of no use as it is; one line that says what to do. Exit code 2."""
