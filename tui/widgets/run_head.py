"""The first line of a run's screen: what is solved, how far it is, and which moment is shown."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tui.views.plain import one_line


class RunHead(Static):
    """Title, state and position on one line."""

    DEFAULT_CSS = "RunHead { height: 1; width: 100%; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__("", id=id, markup=False)
        self._parts = ("", "", "", False)

    def show(self, title: str, words: str, position: str, *, is_trouble: bool = False) -> None:
        """Show the line; the words are cut where there is no room."""
        self._parts = one_line(title), one_line(words), position, is_trouble
        self._draw()

    def on_resize(self) -> None:
        """Fit the line to the width."""
        self._draw()

    def _draw(self) -> None:
        title, words, position, is_trouble = self._parts
        left = Content.assemble((title, "bold"), (f"  {words}", "$text-error" if is_trouble else "dim"))
        room = max(0, self.content_size.width - (len(position) + 2 if position else 0))
        left = left.truncate(room, ellipsis=True, pad=True)
        self.update(Content.assemble(left, (f"  {position}" if position else "", "$text-accent")), layout=False)
