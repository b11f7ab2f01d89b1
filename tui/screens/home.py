"""The first screen: problems to solve, recorded runs, and what this machine has to solve with."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static
from textual.widgets.option_list import Option

from agent.runs.listing import summaries
from cure.plain import visible
from tui.machine import Isolation, repository_here, sandbox_here
from tui.picks import Pick, RunRow, bundled, run_rows
from tui.screens.breakpoints import BREAKPOINTS
from tui.screens.owner import Owner
from tui.screens.picking import two_lines
from tui.screens.writing import TaskScreen, WriteScreen
from tui.sets import StoredSet, stored_sets

MOST_RUNS = 50


class HomeScreen(Screen[None]):
    """Problems and runs in two lists, and the text of what the cursor is on."""

    HELP = """
# Problems and runs

Enter solves the problem, or opens the run, under the cursor. `n` takes a problem of your own: written, pasted, a file.
`m` chooses the model. `r` continues a run that was stopped. `t` writes the command for a task in this repository.
"""
    DEFAULT_CSS = """
    HomeScreen #machine { height: auto; padding: 0 1; }
    HomeScreen #lists { height: 2fr; layout: vertical; }
    HomeScreen OptionList { height: 1fr; border: round $panel; background: $background; }
    HomeScreen OptionList { border-title-color: $text-muted; }
    HomeScreen OptionList:focus, HomeScreen #preview:focus { border: round $accent; border-title-color: $text-accent; }
    HomeScreen #preview { height: 1fr; border: round $panel; padding: 0 1; }
    HomeScreen.-medium #lists, HomeScreen.-large #lists { layout: horizontal; }
    HomeScreen.-medium OptionList, HomeScreen.-large OptionList { height: 100%; width: 1fr; }
    """
    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New problem", id="home.new", tooltip="Write or paste a problem, or name its file"),
        Binding("m", "model", "Model", id="home.model", tooltip="Choose the model"),
        Binding("r", "resume", "Resume", id="home.resume", tooltip="Continue the run under the cursor"),
        Binding("t", "task", "Task", id="home.task", tooltip="The command for a task in this repository"),
        Binding("y", "copy", "Copy", id="home.copy", show=False, tooltip="Copy the text below the lists"),
        Binding("f5", "refresh", "Refresh", id="home.refresh", show=False, tooltip="Read the runs again"),
        Binding("j", "move('down')", "Down", id="home.down", show=False, tooltip="One line down"),
        Binding("k", "move('up')", "Up", id="home.up", show=False, tooltip="One line up"),
        Binding("q", "app.quit", "Quit", id="home.quit", tooltip="Quit"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._picks: list[Pick | StoredSet] = []
        self._runs: list[RunRow] = []
        self._sandbox: Isolation | None = None
        self._repository = repository_here(Path.cwd())
        self._text = ""

    @property
    def owner(self) -> Owner:
        """The application that this screen is the first one of."""
        return cast("Owner", self.app)

    def compose(self) -> ComposeResult:
        """What the machine has, the lists, the text."""
        yield Static(id="machine", markup=False)
        with Container(id="lists"):
            yield OptionList(id="problems", markup=False)
            yield OptionList(id="runs", markup=False)
        with VerticalScroll(id="preview"):
            yield Static(id="text", markup=False)
        yield Footer(compact=True)

    def on_mount(self) -> None:
        """Show the problems that are there, and look for the rest in the background."""
        self.query_one("#problems", OptionList).border_title = "Problems"
        self.query_one("#runs", OptionList).border_title = "Runs"
        self._picks = list(bundled())
        self._show_problems()
        self.show_machine()
        self._find_sandbox()
        self._find_sets()
        self.query_one("#problems").focus()

    def on_screen_resume(self) -> None:
        """Read the runs again: there may be new ones."""
        self._find_runs()

    def show_machine(self) -> None:
        """Show the model, the sandbox and the repository."""
        sandbox = self._sandbox
        found = "looking for a sandbox" if sandbox is None else f"sandbox {sandbox.words if sandbox.works else 'none'}"
        parts = [f"model {self.owner.model_words}", found]
        parts += [f"repository {self._repository.name}"] if self._repository else []
        lines = [(" | " if self.owner.ascii_only else " · ").join(map(visible, parts))]
        if sandbox is not None and not sandbox.works:
            lines.append(visible(f"Programs cannot be run: {sandbox.words}"))
        self.query_one("#machine", Static).update(Content("\n".join(lines)))

    @work(group="sandbox", exclusive=True, exit_on_error=False)
    async def _find_sandbox(self) -> None:
        try:
            self._sandbox = await sandbox_here()
        except Exception as error:  # noqa: BLE001 (a probe that fails is words on the screen)
            self._sandbox = Isolation(False, str(error))
        self.show_machine()

    @work(group="sets", exclusive=True, exit_on_error=False)
    async def _find_sets(self) -> None:
        found = await asyncio.to_thread(stored_sets)
        if found:
            self._picks += found
            self._show_problems()

    @work(group="runs", exclusive=True, exit_on_error=False)
    async def _find_runs(self) -> None:
        found = await asyncio.to_thread(summaries, MOST_RUNS)
        self._runs = run_rows(found, ascii_only=self.owner.ascii_only)
        lines = [Option(two_lines(f"{run.mark} {run.problem}", f"{run.words}, {run.when}")) for run in self._runs]
        self._fill("runs", lines or [Option(Content("No runs yet."), disabled=True)])

    def _show_problems(self) -> None:
        self._fill("problems", [Option(two_lines(pick.title, pick.facts)) for pick in self._picks])

    def _fill(self, name: str, options: list[Option]) -> None:
        shown = self.query_one(f"#{name}", OptionList)
        at = shown.highlighted
        shown.clear_options().add_options(options)
        shown.highlighted = min(at or 0, len(options) - 1)

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show the text of the line under the cursor."""
        if message.option_list.has_focus or not self._text:
            self._show_text(message.option_list, message.option_index)

    def on_descendant_focus(self) -> None:
        """Show the text of the list that has the focus now."""
        if isinstance(self.focused, OptionList) and self.focused.highlighted is not None:
            self._show_text(self.focused, self.focused.highlighted)

    def _show_text(self, shown: OptionList, index: int) -> None:
        if shown.id == "problems" and index < len(self._picks):
            self._text = self._picks[index].text
        elif shown.id == "runs" and index < len(self._runs):
            run = self._runs[index]
            self._text = f"{run.problem}\n{run.words}, {run.when}\nrun {run.id}"
        self.query_one("#text", Static).update(Content(visible(self._text)))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Solve the problem or open the run."""
        if message.option_list.id == "runs":
            self.owner.open_run(self._runs[message.option_index].id)
            return
        chosen = self._picks[message.option_index]
        if isinstance(chosen, Pick):
            self.owner.solve(chosen)
        else:
            self.owner.open_set(chosen)

    def action_new(self) -> None:
        """Write a problem, then solve it."""
        self.app.push_screen(WriteScreen(), self.owner.choose)

    def action_model(self) -> None:
        """Choose the model."""
        self.owner.choose_model()

    def action_resume(self) -> None:
        """Continue the run under the cursor."""
        at = self.query_one("#runs", OptionList).highlighted
        if self._runs and at is not None:
            self.owner.resume(self._runs[at].id)

    def action_task(self) -> None:
        """Write the command for a task."""
        if self._repository is None:
            self.notify("This folder is in no git repository.", severity="warning", markup=False)
            return
        self.app.push_screen(TaskScreen(self._repository.name), self._say_command)

    def _say_command(self, command: str | None) -> None:
        if command is not None:
            self.app.copy_to_clipboard(command)
            self.notify(f"Run this here: {command}", timeout=30, markup=False)

    def action_copy(self) -> None:
        """Copy the text below the lists."""
        self.app.copy_to_clipboard(self.get_selected_text() or self._text)

    def action_refresh(self) -> None:
        """Read the runs again."""
        self._find_runs()

    def action_move(self, direction: str) -> None:
        """Move the cursor of the list with the focus."""
        if isinstance(self.focused, OptionList):
            if direction == "down":
                self.focused.action_cursor_down()
            else:
                self.focused.action_cursor_up()
