"""The folder of a comparison: the outcome of each problem and strategy, recorded runs, shared samples."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent.compare.settings import CompareOptions
from agent.errors import RunError
from agent.runs.store import EVENTS
from cure.json_lines import Lines, read_lines
from settings.marks import ShapesAnswers, mark
from settings.section import Section


@dataclass(frozen=True, kw_only=True)
class Solved:
    """How a solve of one problem with one strategy ended, its answer judged by the hidden tests."""

    problem: str
    strategy: str
    run: str
    """Name of the recorded run."""
    status: str
    """Status of the run's result, such as `verified`."""
    answered: bool
    """Whether the run handed over a program."""
    right: bool
    """Whether this program passes every hidden test."""
    confidence: float
    """Stated probability in 0..1 that this program is right."""
    tokens: int
    """Tokens of prompts and completions, as if the strategy had asked for every sample itself."""
    seconds: float
    """Seconds of the run, as if the strategy had waited for every sample itself."""
    steps: tuple[tuple[int, bool], ...]
    """Numbers of tokens, each with whether the run's answer is right from there on; see `agent.compare.anytime`."""

    @property
    def verified(self) -> bool:
        """Whether the answer was handed over as verified."""
        return self.status == "verified"

    def right_after(self, tokens: int) -> bool:
        """Whether the answer after this many tokens was right."""
        return [right for at, right in self.steps if at <= tokens][-1]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Solved:
        """The outcome that `to_record` gave."""
        return cls(**{**record, "steps": tuple((int(at), bool(right)) for at, right in record["steps"])})

    def to_record(self) -> dict[str, Any]:
        """The outcome as JSON."""
        return asdict(self)


class Folder:
    """The files of a comparison; one process at a time has them open."""

    def __init__(self, path: Path) -> None:
        """Open the folder, which is made where it is missing. Raises RunError while another process has it open."""
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock = (path / "lock").open("ab")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise RunError(f"the comparison in {path} is under way in another process") from None
        except OSError:  # some network file systems have no locks
            pass
        self._lines = Lines(path / "solves.jsonl")
        self.solved: dict[tuple[str, str], Solved] = {}
        """Outcomes by problem and strategy."""
        self._begun: dict[tuple[str, str], str] = {}
        for record in read_lines(path / "solves.jsonl"):
            place = record["problem"], record["strategy"]
            if "status" in record:
                self.solved[place] = Solved.from_record(record)
            else:
                self._begun[place] = record["run"]

    @property
    def answers(self) -> Path:
        """The folder of the shared samples."""
        return self.path / "answers"

    def begin(self, problem: str, strategy: str, run: str) -> None:
        """Record which run solves the problem with the strategy, before the run begins."""
        self._begun[problem, strategy] = run
        self._lines.append({"problem": problem, "strategy": strategy, "run": run})

    def begun(self, problem: str, strategy: str) -> Path | None:
        """Folder of the run that was begun for the problem and the strategy; None where no event of it is recorded."""
        name = self._begun.get((problem, strategy))
        folder = self.path / "runs" / (name or "-")
        has_begun = (folder / EVENTS).is_file() and b"\n" in (folder / EVENTS).read_bytes()
        return folder if has_begun else None

    def end(self, solved: Solved) -> None:
        """Record an outcome."""
        self.solved[solved.problem, solved.strategy] = solved
        self._lines.append(solved.to_record())

    def close(self) -> None:
        """Close the files, so that another process may write to them."""
        self._lines.close()
        self._lock.close()


def path_of(options: CompareOptions, dataset: str, sha256: str, engines: Sequence[Section] = ()) -> Path:
    """The folder of the comparison with these options on these data, `OUTPUTS/strategies/MODEL/DATASET/IDENTITY`.

    The identity is the same whatever strategies are compared and however many problems of the set are used, so that a
    later command may add strategies and problems. It depends on the options of `engines` that change what a model may
    answer, since samples are shared within the folder.
    """
    left_out = {"strategy", "limit", "at_once", "outputs", "sandbox"}
    dumped = options.model_dump(mode="json", exclude=left_out)
    content = [sha256, dumped, *([shaping] if (shaping := _shaping(engines)) else [])]
    identity = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    models = dict.fromkeys([options.coder or options.model, options.tester or options.model])
    names = ("+".join(map(_slug, models)), _slug(Path(dataset).stem), identity)
    return options.outputs.joinpath("strategies", *names)


def _shaping(engines: Sequence[Section]) -> dict[str, Any]:
    """The options that change what a model may answer, where they differ from their defaults."""
    return {
        f"{type(section).__name__}.{key}": getattr(section, key)
        for section in engines
        for key, field in type(section).model_fields.items()
        if mark(field, ShapesAnswers) and getattr(section, key) != field.default
    }


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[-60:] or "model"
