"""The first line of a run's screen: what is solved, how far it is, and which moment is shown."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class RunHead(Static):
    """Title, state and position on one line."""

    DEFAULT_CSS = "RunHead { height: 1; width: 100%; padding: 0 1; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's name)
        super().__init__("", id=id, markup=False)

    def show(self, title: str, words: str, position: str, *, is_trouble: bool = False) -> None:
        """Show the line; the words are cut where there is no room."""
        style = "$text-error" if is_trouble else "$text-muted"
        left = Content.assemble((title, "bold"), (f"  {words}", style))
        width = max(0, self.size.width - 2 or self.app.size.width - 2)
        room = max(0, width - len(position) - 2)
        left = left.truncate(room, ellipsis=True, pad=True) if position else left.truncate(width, ellipsis=True)
        self.update(Content.assemble(left, (f"  {position}" if position else "", "$text-accent")))
