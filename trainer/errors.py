"""Errors of training that a user can act on; each carries the command's exit code."""


class TrainerError(Exception):
    """Training cannot start or continue, or a result cannot be written; the message says what to do."""

    exit_code = 2


class EngineFailed(TrainerError):
    """An engine gave no answer to any task."""

    exit_code = 5


class Interrupted(TrainerError):
    """The run was ended by a signal; the same command continues it."""

    exit_code = 130
