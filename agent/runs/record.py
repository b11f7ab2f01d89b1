"""A recorded run read back: its events, its texts and its table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.errors import RunError
from agent.runs.events import (
    CandidateAdded,
    Decided,
    Event,
    Executed,
    RankedRound,
    Rejected,
    Result,
    Sampled,
    Started,
    TestAdded,
    from_line,
)
from agent.runs.store import EVENTS
from cure.problem import UnitTest
from cure.table import Candidate, CandidateOrigin, Cell, ProgramTable
from sandbox.protocol import Verdict


@dataclass(frozen=True)
class RecordedRun:
    """Everything that is known of a run, finished or not."""

    folder: Path
    started_at: float
    events: tuple[Event, ...]

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def started(self) -> Started:
        first = self.events[0]
        assert isinstance(first, Started)
        return first

    @property
    def result(self) -> Result | None:
        """The last event; None for a run that was killed."""
        last = self.events[-1]
        return last if isinstance(last, Result) else None

    @property
    def ranking(self) -> RankedRound | None:
        """The last ranking."""
        return next((event for event in reversed(self.events) if isinstance(event, RankedRound)), None)

    @property
    def decisions(self) -> list[Decided]:
        return [event for event in self.events if isinstance(event, Decided)]

    @property
    def samples(self) -> list[Sampled]:
        return [event for event in self.events if isinstance(event, Sampled)]

    @property
    def rejected(self) -> list[Rejected]:
        return [event for event in self.events if isinstance(event, Rejected)]

    def blob(self, name: str) -> str:
        """The text of that sha256. Raises RunError when it is gone or damaged."""
        try:
            return (self.folder / "blobs" / name).read_bytes().decode(errors="surrogatepass")
        except OSError as error:
            raise RunError(f"run {self.id} lacks the text {name[:12]}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise RunError(f"run {self.id} has a damaged text {name[:12]}: {error.reason}") from error

    def table(self) -> ProgramTable:
        """The execution table as it stood at the end."""
        candidates: dict[str, Candidate] = {}
        tests: dict[str, UnitTest] = {}
        cells: dict[tuple[str, str], Cell] = {}
        for event in self.events:
            match event:
                case CandidateAdded():
                    origin: CandidateOrigin = "repair" if event.origin == "repair" else "sampled"
                    candidates[event.name] = Candidate(self.blob(event.source), origin, event.parent, event.round)
                case TestAdded():
                    tests[event.name] = UnitTest(
                        self.blob(event.stdin),
                        self.blob(event.expected),
                        "public" if event.origin == "public" else "generated",
                    )
                case Executed():
                    cells[event.candidate, event.test] = Cell(
                        verdict=Verdict(event.verdict),
                        passed=event.passed,
                        stdout=self.blob(event.stdout),
                        stderr_tail=event.stderr_tail,
                        reason=event.reason,
                        cpu_s=event.cpu_s,
                        peak_memory_kb=event.peak_memory_kb,
                    )
                case _:
                    pass
        return ProgramTable(candidates, tests, cells)


def _whole_lines(path: Path) -> Iterator[str]:
    """Lines that end in a newline; a torn last line of a killed run is left out."""
    with path.open("rb") as lines:
        # Only whole lines are decoded: a torn one may end within a character.
        yield from (line.decode(errors="surrogatepass") for line in lines if line.endswith(b"\n"))


def load_run(folder: Path) -> RecordedRun:
    """The run in that folder. Raises RunError when its events cannot be read."""
    try:
        timed = [from_line(line) for line in _whole_lines(folder / EVENTS)]
    except OSError as error:
        raise RunError(f"cannot read {folder / EVENTS}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RunError(f"{folder / EVENTS} is damaged: {error.reason}") from error
    if not timed or not isinstance(timed[0][1], Started):
        raise RunError(f"{folder / EVENTS} does not begin with the start of a run")
    return RecordedRun(folder, timed[0][0], tuple(event for _, event in timed))
