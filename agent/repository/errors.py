"""Errors of work inside a repository."""

from __future__ import annotations


class RepositoryError(Exception):
    """The state of the repository does not allow what was asked for; the message says what to do."""

    exit_code = 7
