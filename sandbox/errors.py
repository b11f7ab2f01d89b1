"""Errors of the sandbox; failures of programs are verdicts, not errors."""


class SandboxError(Exception):
    """The sandbox failed; the message says what to do. `cure-agent` then exits with status 6."""

    exit_code = 6


class SandboxUnavailable(SandboxError):
    """No backend of the kind asked for works on this machine; the message says how to get one."""


class ImageMissing(SandboxUnavailable):
    """A Docker engine answers, but the sandbox's image has not been built there."""
