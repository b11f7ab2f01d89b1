"""Errors that the agent raises for its users."""


class RunError(Exception):
    """A run cannot be recorded, found or read; the message says where and what to do. The command exits with 2."""

    exit_code = 2


class ListenError(Exception):
    """`cure-agent listen` cannot open its port. The command exits with 2."""

    exit_code = 2
