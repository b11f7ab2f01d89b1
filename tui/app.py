"""The application: its screens, colours, keys, and the commands that all screens share."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterable
from pathlib import Path
from time import monotonic
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from agent.errors import RunError
from agent.runs.record import load_run
from agent.runs.store import find_run, is_being_written
from cure.errors import ProblemError
from cure.problem.file import to_record
from cure.prompts.micro_family import is_of_micro_family
from tui.copied import keep_copied
from tui.job import SolveJob
from tui.jump import JumpScreen, jump_keys
from tui.keys import ids_of, unknown_ids
from tui.machine import Solver, models_here
from tui.picks import Pick
from tui.plain_filter import PlainFilter
from tui.screens.home import HomeScreen
from tui.screens.picking import PickScreen
from tui.screens.writing import TaskScreen, WriteScreen
from tui.sets import StoredSet
from tui.settings import TuiOptions, keymap_of
from tui.sources.followed import FollowedSource
from tui.sources.recorded import RecordedSource
from tui.sources.source import RunSource
from tui.sources.worker import WorkerSource
from tui.themes import PLAIN, THEMES

AGAIN_S = 3.0
"""Seconds in which a key that ends something has to be pressed again."""


class CureApp(App[int]):
    """The terminal UI. It ends with the exit code of the command."""

    TITLE = "cure-agent"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "Quit", id="app.quit", show=False, priority=True, tooltip="Quit"),
        Binding("ctrl+c", "help_quit", "Quit", id="app.interrupt", show=False, system=True, tooltip="Twice: quit"),
        Binding("escape", "leave", "Back", id="app.back", show=False, tooltip="Back to the screen before"),
        Binding("f1,question_mark", "help", "Help", id="app.help", tooltip="Help for this part, and all keys"),
        Binding("ctrl+o", "jump", "Jump", id="app.jump", show=False, tooltip="Keys over all parts of the screen"),
        Binding("ctrl+t", "theme", "Colours", id="app.theme", show=False, tooltip="Dark, light, or the terminal's own"),
        Binding("ctrl+l", "redraw", "Redraw", id="app.redraw", show=False, tooltip="Draw the whole screen again"),
    ]

    def __init__(
        self,
        options: TuiOptions,
        solver: Solver,
        *,
        model: str | None = None,
        run: Path | None = None,
        picks: list[Pick] | None = None,
        ascii_only: bool = False,
    ) -> None:
        """`model` is the one that the command line names; `run` or `picks` are opened at once."""
        # Textual takes NO_COLOR from the environment; of the terminal's own colours it then leaves none.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.ascii_only = ascii_only or options.ascii
        self._solver, self._run, self._given = solver, run, picks
        self._chosen: dict[str, str] = {} if model is None else {"model": model}
        self.workers_started: list[WorkerSource] = []
        """Every solve that was started, for the command to wait for their ends."""
        self._asked_at = 0.0
        for theme in (*THEMES, PLAIN):
            self.register_theme(theme)
        self.theme = PLAIN.name if self.no_color else options.theme
        self.set_keymap(keymap_of(options.keys))
        if self.ascii_only:
            self._filters.append(PlainFilter())

    def on_mount(self) -> None:
        """Show the first screen, and what the command line names."""
        self._end_with_signals()
        self.push_screen(HomeScreen())
        self._check_keys()
        if self._run is not None:
            self.open_run(self._run.name, self._run)
        elif self._given is not None:
            self.choose(self._given)

    def _end_with_signals(self) -> None:
        """End as by the key when the process is told to end, so that the terminal is put back in order."""
        if self.is_headless or threading.current_thread() is not threading.main_thread():
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self.exit, 130)

    def _check_keys(self) -> None:
        """Say which ids of the keymap no command has."""
        if not self._keymap:
            return
        from tui.screens.run import RunScreen
        from tui.screens.why import WhyScreen

        owners = (type(self), HomeScreen, PickScreen, TaskScreen, WriteScreen, RunScreen, WhyScreen)
        known = [name for owner in owners for name in ids_of(owner.BINDINGS)]
        for words in unknown_ids(self._keymap, known):
            self.notify(f"In the settings: {words}", severity="warning", timeout=10, markup=False)

    @property
    def model_words(self) -> str:
        """The model that a solve would ask."""
        return self._chosen.get("model") or self._solver.model

    def choose(self, picks: list[Pick] | None) -> None:
        """Solve the only problem, or the one that is chosen from several."""
        if picks is not None and len(picks) == 1:
            self.solve(picks[0])
        elif picks:
            lines = [(pick, pick.title, pick.facts) for pick in picks]
            self.push_screen(PickScreen[Pick]("Which problem?", lines), self._solve_chosen)

    def _solve_chosen(self, pick: Pick | None) -> None:
        if pick is not None:
            self.solve(pick)

    def solve(self, pick: Pick) -> None:
        """Start a solve and show its run; without a model that can solve it, one is chosen first."""
        if not self._chosen and not self._solver.is_named and not is_of_micro_family(pick.problem.question):
            self.notify("The bundled model knows only its own family of problems: choose another one.", markup=False)
            self.choose_model(pick)
            return
        record = to_record(pick.problem)
        self._start(SolveJob(kind="solve", problem=record, unused=pick.unused, chosen=self._chosen))

    def open_set(self, stored: StoredSet) -> None:
        """Let one choose a problem of a stored set."""
        try:
            self.choose(stored.picks())
        except (ProblemError, OSError) as error:
            self._say_wrong(str(error))

    def resume(self, name: str) -> None:
        """Continue a recorded run that was stopped."""
        try:
            run = load_run(find_run(name))
        except RunError as error:
            self._say_wrong(str(error))
            return
        if not run.state.is_resumable:
            self._say_wrong("This run has ended; there is nothing to continue.")
        elif run.state.is_repository:
            self._say_wrong(f"Continue this one in its repository: cure-agent resume {run.id}")
        else:
            self._start(SolveJob(kind="resume", folder=str(run.folder)))

    def open_run(self, name: str, folder: Path | None = None) -> None:
        """Show a recorded run, and follow it while a process writes it."""
        try:
            path = folder or find_run(name)
            source: RunSource = FollowedSource(path) if is_being_written(path) else RecordedSource(path)
        except RunError as error:
            self._say_wrong(str(error))
            return
        self._show(source)

    def _start(self, job: SolveJob) -> None:
        try:
            source = WorkerSource(job)
        except (RunError, OSError) as error:
            self._say_wrong(str(error))
            return
        self.workers_started.append(source)
        self._show(source)

    def _show(self, source: RunSource) -> None:
        from tui.screens.run import RunScreen

        self.push_screen(RunScreen(source, ascii_only=self.ascii_only))

    def _say_wrong(self, words: str) -> None:
        self.notify(words, severity="error", timeout=10, markup=False)

    @work(group="models", exclusive=True, exit_on_error=False)
    async def choose_model(self, pick: Pick | None = None) -> None:
        """Let one choose the model from those that are found here, then solve `pick`, if it is given."""
        self.notify("Looking for models.", timeout=2, markup=False)
        found = await models_here()
        lines = [
            (
                each.model if each.model and each.model != "openai:NAME" else None,
                each.model or each.source,
                ", ".join(filter(None, (each.source, each.detail, each.remedy))),
            )
            for each in found
        ]

        def take(model: str | None) -> None:
            if model is None:
                return
            self._chosen = {"model": model, "coder": "none", "tester": "none"}
            for screen in self.screen_stack:
                if isinstance(screen, HomeScreen):
                    screen.show_machine()
            if pick is not None:
                self.solve(pick)

        self.push_screen(PickScreen[str]("Which model, until you quit?", lines), take)

    def copy_to_clipboard(self, text: str) -> None:
        """Send the text to the terminal's clipboard, and write it to a file that is named on the screen."""
        text = text.encode("utf-8", "replace").decode()
        super().copy_to_clipboard(text)
        try:
            self.notify(f"If the terminal did not take it: {keep_copied(text)}", markup=False)
        except OSError as error:
            self._say_wrong(f"The copy is not in a file: {error}")

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The commands of the focused part, its screen and the application, for the palette."""
        for _, binding, enabled, tooltip in screen.active_bindings.values():
            if enabled and binding.id and binding.description:
                yield SystemCommand(
                    binding.description,
                    f"{tooltip or binding.tooltip} ({self.get_key_display(binding)})",
                    lambda action=binding.action, node=_: self.run_worker(self.run_action(action, node)),
                )
        yield from super().get_system_commands(screen)

    def action_help(self) -> None:
        """Show or hide the help of the focused part."""
        if self.screen.query("HelpPanel"):
            self.action_hide_help_panel()
        else:
            self.action_show_help_panel()

    def action_jump(self) -> None:
        """Show a key over each part that can have the focus."""
        keys = jump_keys(self.screen.focus_chain)

        def jump(widget: Widget | None) -> None:
            if widget is not None:
                widget.focus()

        if keys:
            self.push_screen(JumpScreen(keys), jump)

    def action_theme(self) -> None:
        """Take the next colours."""
        if self.no_color:
            self.notify("NO_COLOR is set: there are no colours.", timeout=2, markup=False)
            return
        names = [theme.name for theme in THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.notify(f"Colours: {self.theme}", timeout=2, markup=False)

    def action_redraw(self) -> None:
        """Enter the alternate screen again, and draw everything."""
        if self._driver is not None:
            self._driver.write("\x1b[?1049h\x1b[2J")
        self.screen.refresh(repaint=True, layout=True)

    def _is_pressed_again(self, words: str) -> bool:
        """Whether the key was pressed twice; the first time, the words say what the second would do."""
        now = monotonic()
        if now - self._asked_at < AGAIN_S:
            self._asked_at = 0.0
            return True
        self._asked_at = now
        self.notify(words, timeout=AGAIN_S, markup=False)
        return False

    def action_help_quit(self) -> None:
        """Quit when Ctrl+C is pressed twice."""
        if self._is_pressed_again("Ctrl+C again quits."):
            self.exit(130)

    async def action_quit(self) -> None:
        """Quit; while a solve runs, the key has to be pressed twice."""
        live = any(worker.is_live for worker in self.workers_started)
        if not live or self._is_pressed_again("A solve is running: again stops it and quits. It can be resumed."):
            self.exit(0)

    def action_leave(self) -> None:
        """Leave the screen; where it runs a solve, the key has to be pressed twice."""
        if len(self.screen_stack) <= 2:
            return
        source = getattr(self.screen, "source", None)
        is_live = isinstance(source, WorkerSource) and source.is_live
        if not is_live or self._is_pressed_again("A solve is running: Escape again stops it. It can be resumed."):
            self.pop_screen()

    def _fatal_error(self) -> None:
        """End with words in place of a traceback; runs are recorded by other processes, so nothing is lost."""
        if self.is_headless:
            super()._fatal_error()
            return
        kind, error, trace = sys.exc_info()
        place = traceback.extract_tb(trace)[-1] if trace else None
        where = f" ({Path(place.filename).name}:{place.lineno})" if place else ""
        name = kind.__name__ if kind else "error"
        self.panic(
            Text(f"cure-agent: a fault of the terminal UI: {name}: {error}{where}; `cure-agent runs` has all runs")
        )
