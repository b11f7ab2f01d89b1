"""Errors that concern a model or a prompt; a single failed sample is a completion with `finish="error"`."""


class EngineError(Exception):
    """The model cannot be used; the message says what to do. The command exits with 5."""

    exit_code = 5


class ModelSpecError(EngineError):
    """The model spec is invalid, its API key is not set, or its file is missing or unusable. Exit code 2."""

    exit_code = 2


class PromptError(Exception):
    """The model can never answer this prompt; the message says why."""
