"""Errors of training that a user can act on; each carries the command's exit code."""


class TrainerError(Exception):
    """Training cannot start or continue, or a result cannot be written; the message says what to do."""

    exit_code = 2


class EngineFailed(TrainerError):
    """All answers that an engine gave in one role are errors, so there is nothing to learn from."""

    exit_code = 5


class Interrupted(TrainerError):
    """The run was ended by a signal; the same command continues it."""

    exit_code = 130
