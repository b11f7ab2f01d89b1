"""The keys of a run's screen, and the parts that they go to."""

from __future__ import annotations

from textual.binding import Binding, BindingType

PANES = {
    "table": "Table",
    "program": "Program",
    "test": "Test",
    "ranking": "Ranking",
    "budget": "Budget",
    "log": "Log",
}
"""Titles of the parts of the screen by their ids, in the order of their numbers."""

RUN_KEYS: list[BindingType] = [
    Binding("w", "why", "Why", id="run.why", tooltip="Why this candidate: the numbers, and other tests"),
    Binding("d", "diff", "Diff", id="run.diff", tooltip="How the program differs from its parent, or the marked one"),
    Binding("m", "mark", "Mark", id="run.mark", show=False, tooltip="Compare other programs with this one"),
    Binding("o", "order", "Order", id="run.order", tooltip="Order by ranking, or by request"),
    Binding("p", "pause", "Pause", id="run.pause", tooltip="Pause the run, or go on"),
    Binding("s", "stop", "Stop", id="run.stop", tooltip="Stop the run; it can be resumed"),
    Binding("y", "copy", "Copy", id="run.copy", tooltip="Copy the text of the part that has the focus"),
    Binding("e", "export", "Export", id="run.export", tooltip="Write the table to a file"),
    Binding("c", "compare", "Compare", id="run.compare", show=False, tooltip="Compare with another recorded run"),
    Binding("a", "save", "Save", id="run.save", tooltip="Write the program under the cursor to a file"),
    Binding("left_square_bracket", "scrub(-1)", "Back", id="run.back", tooltip="One event back"),
    Binding("right_square_bracket", "scrub(1)", "Forward", id="run.forward", tooltip="One event forward"),
    Binding("left_curly_bracket", "leap(-1)", "Leap back", id="run.leap_back", show=False, tooltip="A twentieth back"),
    Binding("right_curly_bracket", "leap(1)", "Leap", id="run.leap", show=False, tooltip="A twentieth forward"),
    Binding("home", "scrub(-1000000000)", "First event", id="run.first", show=False, tooltip="The first event"),
    Binding("end", "scrub(1000000000)", "Last event", id="run.last", show=False, tooltip="The last event"),
    Binding("z", "alone", "Alone", id="run.alone", show=False, tooltip="Show this part alone, or all again"),
    *(
        Binding(f"{number}", f"pane('{pane}')", title, id=f"run.{pane}", show=False, tooltip=f"Go to: {title}")
        for number, (pane, title) in enumerate(PANES.items(), start=1)
    ),
]
