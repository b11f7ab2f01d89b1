"""Trackers: numbers arrive in TensorBoard, W&B and trackio, and none of them twice."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="trackers are told of metrics, which need torch")

from trainer.config import Config, load
from trainer.errors import TrainerError
from trainer.record.trackers import FILE, Trackers

pytestmark = pytest.mark.local

STEP: dict[str, Any] = {"code/accuracy": 0.5, "code/answers": 4, "test/mu": None, "code/skipped_because": "nan"}
HELD_OUT: dict[str, Any] = {"eval/code/accuracy": 0.25}


@pytest.fixture(params=["tensorboard", "trackio", "wandb"])
def tracker(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a tracker that is installed; nothing it does leaves the machine or the test's directory."""
    name: str = request.param
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    pytest.importorskip(name, reason=f"{name} is not installed")
    if name == "trackio":
        # trackio reads the variable when it is imported, which may have happened before this test.
        for module in [one for one in sys.modules.values() if getattr(one, "__name__", "").startswith("trackio")]:
            if hasattr(module, "TRACKIO_DIR"):
                monkeypatch.setattr(module, "TRACKIO_DIR", tmp_path / "trackio")
    return name


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def wanting(name: str) -> Config:
    return load("micro", ("trackers.tensorboard=true" if name == "tensorboard" else f"trackers.{name}=lab",))


def opened(name: str, run: Path) -> Trackers:
    config = wanting(name)
    return Trackers(config.trackers, run, config)


def points(name: str, run: Path) -> list[tuple[str, int, float]]:
    """Everything the tracker has of the run: measure, step, value."""
    read = {"tensorboard": _in_event_files, "trackio": _in_trackio, "wandb": _in_wandb}[name]
    return sorted(read(run))


def _in_event_files(run: Path) -> Iterator[tuple[str, int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    for file in (run / "tensorboard").iterdir():
        events = EventAccumulator(str(file)).Reload()
        for tag in events.Tags()["scalars"]:
            yield from ((tag, event.step, event.value) for event in events.Scalars(tag))


def _in_trackio(run: Path) -> Iterator[tuple[str, int, float]]:
    from trackio.sqlite_storage import SQLiteStorage

    (name,) = SQLiteStorage.get_runs("lab")
    assert name.startswith(f"{run.name}-")
    for row in SQLiteStorage.get_logs("lab", name):
        step = row.pop("step")
        row.pop("timestamp")
        yield from ((key, step, value) for key, value in row.items())


def _in_wandb(run: Path) -> Iterator[tuple[str, int, float]]:
    identities = set()
    for file in (run / "wandb").glob("offline-run-*/*.wandb"):
        for record in _wandb_records(file):
            if record.HasField("run"):
                identities.add(record.run.run_id)
            if not record.HasField("history"):
                continue
            items = {"/".join(item.nested_key) or item.key: item.value_json for item in record.history.item}
            step = int(items["_step"])
            yield from ((key, step, float(value)) for key, value in items.items() if not key.startswith("_"))
    assert len(identities) == 1


def _wandb_records(file: Path) -> list[Any]:
    """All records of a finished run. W&B's own process writes the last of them after the run was closed here."""
    from wandb.proto import wandb_internal_pb2

    for _ in range(200):
        records = []
        for content in _log_records(file.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(content)
            records.append(record)
        if any(record.HasField("exit") for record in records):
            return records
        time.sleep(0.1)
    raise AssertionError(f"{file} has no end")


def _log_records(data: bytes) -> Iterator[bytes]:
    """Records of a .wandb file: LevelDB's log format behind a header of seven bytes."""
    at, part, block = 7, b"", 1 << 15
    while at + 7 <= len(data):
        if (left := block - at % block) < 7:
            at += left
            continue
        size, kind = struct.unpack_from("<HB", data, at + 4)
        part += data[at + 7 : at + 7 + size]
        at += 7 + size
        if kind in (1, 4):  # whole, or the last piece
            yield part
            part = b""


def test_numbers_arrive(tracker: str, run: Path) -> None:
    trackers = opened(tracker, run)
    trackers.log(0, HELD_OUT)
    trackers.log(1, STEP)
    trackers.log(1, HELD_OUT)
    trackers.log(2, STEP | {"code/accuracy": 0.75})
    trackers.close()
    assert points(tracker, run) == [
        ("code/accuracy", 1, 0.5),
        ("code/accuracy", 2, 0.75),
        ("code/answers", 1, 4),
        ("code/answers", 2, 4),
        ("eval/code/accuracy", 0, 0.25),
        ("eval/code/accuracy", 1, 0.25),
    ]


def test_standard_output_is_left_alone(tracker: str, run: Path) -> None:
    option = "trackers.tensorboard=true" if tracker == "tensorboard" else f"trackers.{tracker}=lab"
    script = (
        "from pathlib import Path; from trainer.config import load; from trainer.record.trackers import Trackers\n"
        f"config = load('micro', ({option!r},))\n"
        f"trackers = Trackers(config.trackers, Path({str(run)!r}), config)\n"
        "trackers.log(1, {'code/accuracy': 0.5}); trackers.close()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout == ""


def test_steps_made_again_are_not_passed_on_again(tracker: str, run: Path) -> None:
    first = opened(tracker, run)
    for step in (1, 2, 3):
        first.log(step, STEP)
    first.close()
    # The run continues after step 1; the repeated steps 2 and 3 have another accuracy, which must not arrive.
    again = opened(tracker, run)
    for step in (2, 3, 4):
        again.log(step, STEP | {"code/accuracy": 0.75})
    again.close()
    accuracies = [(step, value) for name, step, value in points(tracker, run) if name == "code/accuracy"]
    assert accuracies == [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.75)]


def test_what_was_missed_is_passed_on_at_the_start(tracker: str, run: Path) -> None:
    lines = [
        {"step": 0, "kind": "evaluation", **HELD_OUT},
        {"step": 1, "kind": "step", **STEP},
        {"step": 2, "kind": "step", **STEP},
    ]
    (run / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    trackers = opened(tracker, run)
    trackers.log(3, STEP)
    trackers.close()
    found = points(tracker, run)
    assert [step for name, step, _ in found if name == "code/answers"] == [1, 2, 3]
    assert ("eval/code/accuracy", 0, 0.25) in found and not any(name in ("step", "kind") for name, _, _ in found)


def test_what_a_killed_run_has_logged_is_there(run: Path) -> None:
    pytest.importorskip("tensorboard", reason="tensorboard is not installed")
    trackers = opened("tensorboard", run)
    trackers.log(1, STEP)
    assert [step for name, step, _ in points("tensorboard", run) if name == "code/accuracy"] == [1]
    trackers.close()


def test_a_tracker_that_fails_is_left_and_the_run_goes_on(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Broken:
        def log(self, step: int, numbers: Any) -> None:
            raise OSError("no\nroute to host")

        def close(self) -> None:
            raise AssertionError("it was left")

    config = load("micro")
    trackers = Trackers(config.trackers, run, config)
    trackers._trackers["wandb"] = Broken()
    trackers.log(1, STEP)
    trackers.log(2, STEP)
    trackers.close()
    assert capsys.readouterr().err == "trackers.wandb failed, it gets no further numbers: no route to host\n"
    assert not (run / FILE).exists()


@pytest.mark.parametrize(
    ("name", "module"), [("tensorboard", "tensorboard"), ("wandb", "wandb"), ("trackio", "trackio")]
)
def test_a_missing_package_is_one_line(run: Path, monkeypatch: pytest.MonkeyPatch, name: str, module: str) -> None:
    for loaded in [one for one in sys.modules if one.startswith("torch.utils.tensorboard")]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(TrainerError, match=rf"trackers.{name} needs the package {name}: pip install"):
        opened(name, run)


def test_without_trackers_nothing_is_written(run: Path) -> None:
    config = load("micro")
    trackers = Trackers(config.trackers, run, config)
    trackers.log(1, STEP)
    trackers.close()
    assert list(run.iterdir()) == []
