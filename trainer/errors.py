"""Errors of the training commands that a user can act on."""


class TrainerError(Exception):
    """Training cannot start, or its result cannot be written; the message says what to do. The command exits with 2."""

    exit_code = 2


class EngineFailed(TrainerError):
    """The engine that samples gave no answer at all."""

    exit_code = 5


class Interrupted(TrainerError):
    """Somebody ended the run; the same command goes on with it."""

    exit_code = 130
