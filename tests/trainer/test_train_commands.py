"""`cure-agent train`: problems on disk, a base model, clear errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cure.problem.file import load_problems
from trainer.commands import train
from trainer.errors import TrainerError

ROOT = Path(__file__).parents[2]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(train, list(arguments))


def test_help_loads_no_torch() -> None:
    script = "import sys, trainer.commands; print(sorted({'torch', 'transformers', 'rich'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_micro_problems_are_written_in_cures_schema(tmp_path: Path) -> None:
    out = tmp_path / "problems.json"
    assert invoke("micro-problems", "--count", "3", "--seed", "5", "--out", str(out)).exit_code == 0
    rows: list[dict[str, Any]] = json.loads(out.read_text())
    assert len(rows) == len(load_problems(str(out))) == 3
    wanted = {"question", "example_input", "example_output", "test_input", "test_output", "test_time_limit"}
    assert wanted | {"kind", "reference_solution"} <= rows[0].keys()
    assert invoke("micro-problems", "--count", "3", "--seed", "5").output == out.read_text()


def test_micro_problems_can_be_chosen_by_index() -> None:
    both = json.loads(invoke("micro-problems", "--index", "4", "--index", "2").output)
    first_five = json.loads(invoke("micro-problems", "--count", "5").output)
    assert both == [first_five[4], first_five[2]]


@pytest.mark.parametrize(
    ("file", "chosen"),
    [
        ("examples/micro-heldout.json", ["--count", "10"]),
        ("agent/demo_problems.json", ["--index", "9", "--index", "17", "--index", "48"]),
    ],
)
def test_the_problem_files_are_what_the_documented_commands_write(file: str, chosen: list[str]) -> None:
    assert invoke("micro-problems", "--split", "heldout", "--seed", "1", *chosen).output == (ROOT / file).read_text()


def test_an_unwritable_file_is_one_clear_line(tmp_path: Path) -> None:
    result = invoke("micro-problems", "--out", str(tmp_path / "no" / "folder.json"))
    assert isinstance(result.exception, TrainerError)
    assert "cannot write" in str(result.exception)
    assert result.exception.exit_code == 2


@pytest.mark.local
def test_micro_base_leaves_a_full_directory_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    result = invoke("micro-base", "--out", str(tmp_path), "--steps", "1")
    assert isinstance(result.exception, TrainerError)
    assert "not empty" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.local
@pytest.mark.slow
def test_micro_base_writes_a_checkpoint_with_its_record(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    out = tmp_path / "base"
    result = invoke("micro-base", "--out", str(out), "--steps", "3", "--problems", "2", "--processes", "1",
                    "--sandbox", "none", "--json")  # fmt: skip
    assert result.exit_code == 0, result.exception
    record = json.loads((out / "manifest.json").read_text())
    assert json.loads(result.stdout) == record
    assert record["config"]["steps"] == 3
    assert [item["temperature"] for item in record["evaluations"]] == [1.0, 0.0]
    wanted = {"model.safetensors", "config.json", "generation_config.json", "tokenizer.json", "README.md"}
    assert wanted <= {path.name for path in out.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["base"]
