"""A problem, a scripted model, and solves that screens start, all recorded under the test's folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.end_to_end.conftest import RIGHT, SUM, TESTS, WRONG
from tui.job import SolveJob
from tui.sources.worker import WorkerSource


def wait_until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until the condition holds; the test fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.02)


@dataclass(frozen=True)
class Bench:
    """A folder with recorded runs, and the solves that were started in it."""

    folder: Path
    workers: list[WorkerSource] = field(default_factory=list)

    def model(self, delay_s: float = 0.0) -> str:
        """The spec of a model that adds two integers, rightly and wrongly, each answer after so many seconds."""
        entries = [
            {"key": f"{key}/*", "repeat": True, "completions": [{"text": text, "delay_s": delay_s} for text in texts]}
            for key, texts in {"coder": [RIGHT, WRONG], "tester": TESTS, "repair": [RIGHT]}.items()
        ]
        path = self.folder / "answers.json"
        path.write_text(json.dumps(entries))
        return f"scripted:{path}"

    def job(self, model: str, **chosen: object) -> SolveJob:
        """A solve of the sum of two integers; programs run as plain processes, not isolated."""
        return SolveJob(kind="solve", problem=SUM, chosen={"sandbox": "none", "model": model, **chosen})

    def start(self, job: SolveJob) -> WorkerSource:
        """The process of this job; it is stopped at the end of the test."""
        self.workers.append(WorkerSource(job))
        return self.workers[-1]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("CURE_AGENT_STATE", str(tmp_path))
    made = Bench(tmp_path)
    yield made
    for worker in made.workers:
        worker.close()
    assert all(worker.wait(60) for worker in made.workers)
