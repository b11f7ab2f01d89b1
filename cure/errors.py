"""Errors of the method's own files and inputs."""


class ProblemError(Exception):
    """A problem or answer file cannot be used; the message names file, row and field. The command exits with 2."""

    exit_code = 2
