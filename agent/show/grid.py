"""The execution table as a grid: a row per candidate, a column per test, a glyph per cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from rich.table import Table
from rich.text import Text

from cure.plain import visible
from cure.table import AnyTable, clusters, separating
from cure.table.compare import normalise
from sandbox import Verdict

BARS = "▁▂▃▄▅▆▇█"
MOST_INPUTS = 16
ROW_COLOURS = ("cyan", "magenta", "yellow", "blue", "bright_cyan", "bright_magenta", "bright_yellow", "bright_blue")


@dataclass(frozen=True)
class Glyphs:
    """One character per kind of cell; the shapes differ, so that colour is never the only sign."""

    passed: str
    wrong: str
    by_verdict: Mapping[Verdict, str]
    missing: str

    def of(self, table: AnyTable, candidate: str, test: str) -> tuple[str, str]:
        """Glyph and style of a cell."""
        cell = table.cells.get((candidate, test))
        if cell is None:
            return self.missing, "dim"
        if cell.passed:
            return self.passed, "green"
        if cell.verdict is Verdict.OK:
            return self.wrong, "red"
        if cell.verdict in (Verdict.SANDBOX_ERROR, Verdict.NOT_RUN):
            return self.by_verdict[cell.verdict], "dim"
        return self.by_verdict[cell.verdict], "yellow"


@dataclass(frozen=True, kw_only=True)
class Apart:
    """Rows and columns of a table that do not judge candidates."""

    table: AnyTable
    """The whole table, with these rows and columns."""
    rows: Mapping[str, str]
    """By name of the row, its origin in words."""
    columns: Mapping[str, Sequence[str]]
    """By heading, the names of columns; groups without columns are left out."""
    headings: Mapping[str, str]
    """Other words for headings of the candidates' columns."""


_LETTERS = {
    Verdict.CRASH: "!",
    Verdict.TIMEOUT: "T",
    Verdict.MEMORY: "M",
    Verdict.OUTPUT_LIMIT: "O",
    Verdict.NOT_RUN: "-",
    Verdict.SANDBOX_ERROR: "?",
}
UNICODE = Glyphs("●", "·", _LETTERS, " ")
ASCII = Glyphs("#", ".", _LETTERS, " ")


def legend(glyphs: Glyphs, wrong: str = "wrong output") -> str:
    """One line that explains the glyphs of cells with a result; `wrong` says what it means to fail a test."""
    return f"{glyphs.passed} passed, {glyphs.wrong} {wrong}, ! crash, T timeout, M memory, O too much output"


def grid(
    table: AnyTable,
    order: Sequence[str],
    probability: Mapping[str, float],
    validity: Mapping[str, float],
    chosen: str | None,
    *,
    ascii_only: bool = False,
    most_rows: int = 24,
    apart: Apart | None = None,
) -> Table:
    """The table, candidates in the order given; names of candidates that behave alike have the same colour.

    Generated tests that repeat a public example's input have a group of columns of their own. So do the first
    MOST_INPUTS inputs without a known output that tell candidates apart; equal letters in such a column are equal
    outputs, up to the 25 most frequent ones. The last lines show, as bars or digits, the probability that each of the
    other generated tests is right. Rows past `most_rows` are only counted. `apart` has rows and columns that do not
    judge candidates and are shown after the others.
    """
    glyphs = ASCII if ascii_only else UNICODE
    group_of = {name: i for i, group in enumerate(clusters(table)) for name in group}
    view = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=True, header_style="dim")
    view.add_column("", no_wrap=True, min_width=5)
    view.add_column("origin", style="dim")
    trusted, generated = table.names(trusted=True), table.names(trusted=False)
    repeated = [name for name, test in table.tests.items() if test.judges and name not in table.independent]
    inputs = separating(table)[:MOST_INPUTS]
    shown: dict[str, Sequence[str]] = {"examples": trusted, "generated tests": generated}
    shown |= {heading: names for heading, names in (("repeats", repeated), ("new inputs", inputs)) if names}
    letters = {name: letters_of(table, name) for name in inputs}
    shown = {**_renamed(shown, apart), **({} if apart is None else apart.columns)}
    known = table if apart is None else apart.table
    for heading, names in shown.items():
        view.add_column(heading if names else "", no_wrap=True)
    view.add_column("P(right)", justify="right", no_wrap=True, min_width=8)
    for name in order[:most_rows]:
        candidate = table.candidates[name]
        mark = ("* " if ascii_only else "▶ ") if name == chosen else "  "
        origin = f"repairs {candidate.parent}" if candidate.parent else "sampled"
        view.add_row(
            Text(
                mark + visible(name),
                style=ROW_COLOURS[group_of[name] % len(ROW_COLOURS)] + (" bold" if name == chosen else ""),
            ),
            Text(visible(origin)),
            *(_cells(known, name, names, glyphs, letters) for names in shown.values()),
            f"{probability.get(name, 0.0):.2f}",
        )
    if len(order) > most_rows:
        view.add_row("", f"{len(order) - most_rows} more")
    for name, origin in {} if apart is None else apart.rows.items():
        cells = (_cells(known, name, names, glyphs, {}) for names in shown.values())
        view.add_row(Text(f"  {visible(name)}", style="dim"), Text(visible(origin)), *cells)
    if generated:
        view.add_row("", "", "", _bars([validity.get(name, 0.0) for name in generated], ascii_only))
        view.add_row("", "", "", Text("P(test right)", style="dim"))
    return view


def _renamed(shown: Mapping[str, Sequence[str]], apart: Apart | None) -> dict[str, Sequence[str]]:
    headings = {} if apart is None else apart.headings
    return {headings.get(heading, heading): names for heading, names in shown.items()}


def _cells(
    table: AnyTable,
    candidate: str,
    tests: Sequence[str],
    glyphs: Glyphs,
    letters: Mapping[str, Mapping[str, str]],
) -> Text:
    text = Text()
    for test in tests:
        letter = letters.get(test, {}).get(candidate)
        glyph, style = (letter, "") if letter else glyphs.of(table, candidate, test)
        text.append(glyph + " ", style=style)
    return text


def letters_of(table: AnyTable, name: str) -> dict[str, str]:
    """Per candidate that ended `ok` on the input, a letter for its output: `a` for the most frequent, `z` for all from
    the 26th on.
    """
    outputs = {
        candidate: normalise(cell.stdout)
        for candidate in table.candidates
        if (cell := table.cells.get((candidate, name))) is not None and cell.verdict is Verdict.OK
    }
    ranks = {output: rank for rank, (output, _) in enumerate(Counter(outputs.values()).most_common())}
    return {candidate: ascii_lowercase[min(ranks[output], 25)] for candidate, output in outputs.items()}


def _bars(values: Sequence[float], ascii_only: bool) -> Text:
    """One bar (or digit, in tenths) per value in 0..1."""
    if ascii_only:
        return Text(" ".join(str(min(9, int(value * 10))) for value in values), style="dim")
    return Text(" ".join(BARS[min(7, int(value * 8))] for value in values), style="dim")
