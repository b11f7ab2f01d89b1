"""The error for settings that cannot be used."""

import click


class SettingsError(click.ClickException):
    """A setting cannot be used; the message is one line that names file, variable or flag, and the key. The command
    exits with 2."""

    exit_code = 2
