"""Errors of the agent's own making."""


class OutputError(Exception):
    """The answer's file cannot be written. The command exits with 2."""

    exit_code = 2


class RunError(Exception):
    """A run cannot be recorded, found or read; the message says where and what to do. The command exits with 2."""

    exit_code = 2
