"""Jump mode: a key over every part of the screen that can have the focus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_lowercase, digits

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Label

KEYS = digits[1:] + ascii_lowercase


def jump_keys(targets: Sequence[Widget]) -> dict[str, Widget]:
    """A key for each part that is on the screen, in the order of the focus."""
    shown = [widget for widget in targets if widget.region.area and widget.is_on_screen]
    return dict(zip(KEYS, shown, strict=False))


class JumpScreen(ModalScreen[Widget | None]):
    """Gives back the part whose key was pressed; any other key gives None."""

    DEFAULT_CSS = """
    JumpScreen { background: transparent; layers: keys; }
    JumpScreen Label { position: absolute; width: 3; height: 1; text-style: bold reverse; color: $accent; }
    """

    def __init__(self, keys: Mapping[str, Widget]) -> None:
        super().__init__()
        self._keys = keys

    def compose(self) -> ComposeResult:
        """A label in the corner of each part."""
        for key, widget in self._keys.items():
            label = Label(f" {key} ", markup=False)
            label.styles.offset = widget.region.offset
            yield label

    def on_key(self, event: events.Key) -> None:
        """Choose the part."""
        event.stop()
        self.dismiss(self._keys.get(event.key))
