"""Errors of the training commands that a user can act on."""


class TrainerError(Exception):
    """Training cannot start, or its result cannot be written; the message says what to do. The command exits with 2."""

    exit_code = 2
