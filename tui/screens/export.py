"""Asks in which form to write the table of a run to a file, and writes it."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Label, OptionList
from textual.widgets.option_list import Option

from engines import write_atomically
from tui.sources.source import RunSource
from tui.views.export import FORMS, Form, exported
from tui.views.reading_table import TableReader


class ExportScreen(ModalScreen[None]):
    """A list of forms."""

    HELP = """
# Export

Writes the table with its explanation to a file in the folder in which the command was started.
"""
    DEFAULT_CSS = """
    ExportScreen { align: center middle; }
    ExportScreen > Vertical { width: 44; height: auto; border: round $accent; background: $background; padding: 0 1; }
    ExportScreen OptionList { border: none; background: $background; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss", "Close", id="export.close", tooltip="Close without writing"),
    ]

    def __init__(self, source: RunSource, reader: TableReader, folder: Path | None = None) -> None:
        """`folder` is where the file is written; None for the current one."""
        super().__init__()
        self._source, self._reader = source, reader
        self._folder = folder or Path.cwd()

    def compose(self) -> ComposeResult:
        """The forms."""
        with Vertical():
            yield Label("Write the table as", markup=False)
            yield OptionList(*(Option(words, id=form) for form, words in FORMS.items()), markup=False)

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Write the file, and say where it is."""
        form: Form = next(each for each in FORMS if each == message.option_id)
        state = self._source.state
        path = self._folder / f"{self._source.name or 'run'}-table.{form}"
        try:
            write_atomically(path, exported(self._source.name, state, self._reader.table(state), form))
        except OSError as error:
            self.notify(f"{path} cannot be written: {error.strerror}", severity="error", markup=False)
            return
        self.notify(f"Written to {path}", markup=False)
        self.dismiss()
