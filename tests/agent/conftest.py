"""`cure-agent` in this process, recording under the test's folder, with a scripted model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent import RecordedRun, list_runs, load_run
from agent.command import main
from tests.end_to_end.conftest import SUM

Said = str | dict[str, object]


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Desk:
    """A folder with a problem, a scripted model and recorded runs."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def script(self, **answers: list[Said]) -> str:
        """The spec of a model that answers a request with the key `NAME/...` by `answers[NAME]`, over and over."""
        entries = [{"key": f"{key}/*", "completions": said, "repeat": True} for key, said in answers.items() if said]
        (self.folder / "answers.json").write_text(json.dumps(entries))
        return f"scripted:{self.folder / 'answers.json'}"

    def run(self, *arguments: object) -> Done:
        """Run `cure-agent` with these arguments in this process; its output and exit code."""
        self.capture.readouterr()
        with pytest.raises(SystemExit) as end:
            main(list(map(str, arguments)))
        printed = self.capture.readouterr()
        code = end.value.code
        assert isinstance(code, int)
        return Done(code, printed.out, printed.err)

    def solve(self, *arguments: object) -> Done:
        """Run `cure-agent solve` on the sum of two integers; programs run as plain processes, not isolated."""
        problem = self.folder / "sum.json"
        problem.write_text(json.dumps(SUM))
        return self.run("solve", problem, "--sandbox", "none", *arguments)

    @property
    def newest(self) -> RecordedRun:
        """The run recorded last."""
        return load_run(list_runs(self.folder)[0])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Desk:
    monkeypatch.setenv("CURE_AGENT_STATE", str(tmp_path))
    return Desk(tmp_path, capfd)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first round samples all programs and tests, and further samples are not weighed against their price."""
    monkeypatch.setenv("CURE_AGENT_SOLVE_FIRST_SHARE", "1")
    monkeypatch.setenv("CURE_AGENT_SOLVE_MIN_GAIN", "0")


Changing = Callable[[dict[str, object]], object]


@pytest.fixture
def change(desk: Desk) -> Callable[[str, Changing], None]:
    """`change(type, how)`: changes the first recorded event of that type; an event that becomes empty is dropped."""

    def change_first(kind: str, how: Changing) -> None:
        path = desk.newest.folder / "events.jsonl"
        events = [json.loads(line) for line in path.read_text().splitlines()]
        how(next(event for event in events if event["type"] == kind))
        path.write_text("".join(json.dumps(event) + "\n" for event in events if event))

    return change_first
