"""Errors that concern a model; a single failed sample is a completion with `finish="error"`."""


class EngineError(Exception):
    """The model cannot be asked; the message says what to do. The command exits with 5."""

    exit_code = 5


class ModelSpecError(EngineError):
    """The model spec names nothing, or a file that is not there or not usable. The command exits with 2."""

    exit_code = 2
