"""`cure-agent train` and its sub-commands."""

from trainer.commands.group import train

__all__ = ["train"]
