import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = [
    *("torch", "vllm", "transformers", "deepspeed", "langgraph", "textual", "docker", "openai", "uvicorn", "numpy"),
    "pydantic",
]
COMMAND = [sys.executable, "-m", "agent"]


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]  # options are subprocess's own


def loaded_by(code: str) -> list[str]:
    """Heavy packages in sys.modules after running the code in a fresh interpreter."""
    probe = f"import json, sys\n{code}\nprint(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    names = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(names, list)
    return names


def test_help_lists_every_command_with_its_first_sentence() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in ("solve", "resume", "replay", "runs", "why", "doctor", "demo", "serve", "sandbox", "eval", "train"):
        assert f"\n  {name} " in done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import contextlib, io\nfrom agent.command import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main(['--help'])"
    )
    assert loaded_by(code) == []


@pytest.mark.parametrize("package", ["settings", "sandbox", "engines", "cure", "trainer", "evaluator", "agent", "tui"])
def test_importing_a_room_loads_nothing_heavy(package: str) -> None:
    assert loaded_by(f"import {package}") == []


def test_an_unknown_command_names_the_nearest() -> None:
    done = run("slove", "x.json")
    assert done.returncode == 2
    assert done.stderr.strip() == "cure-agent: no command 'slove'; did you mean 'solve'?"


def test_a_closed_standard_output_is_said_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "x.md").write_text("Print the sum.\n")
    shell = ["sh", "-c", '"$@" >&-', "sh", *COMMAND, "solve", str(tmp_path / "x.md")]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "cure-agent: standard output is closed; name a file for the program with --out\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["solve", "missing.json"], "missing.json"),
        (["solve", "bad.json"], "bad.json:1:14"),
        (["solve", "two.json"], "--index"),
        (["solve", "two.json", "--index", "7"], "7"),
        (["solve", "field.json"], "question"),
        (["solve", "empty.md"], "the statement is empty"),
        (["solve", "x.md", "--model", "hf:nowhere/at/all"], "nowhere/at/all"),
        (["solve", "x.md", "--model", "scripted:none.json"], "none.json"),
        (["solve", "-n", "0", "x.json"], "0 is not in the range"),
        (["solve", "x.md", "--model", "gpt9"], "unknown model spec 'gpt9'"),
        (["solve", "x.md", "--budget", "lots"], "50ktok"),
        (["solve", "x.md", "--selector", "magic"], "known: outvoted"),
        (["solve", "x.md", "--compare", "magic"], "magic"),
        (["solve", "x.md", "--out", "/no/such/folder/a.py"], "does not exist"),
        (["solve", "x.md", "--out", "/proc/a.py"], "cannot write /proc/a.py"),
        (["models", "--port", "99999"], "99999 is not in the range"),
        (["why", "nothing"], "no runs recorded"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(arguments: list[str], words: str, tmp_path: Path) -> None:
    files = {
        "x.md": "Print the sum of two integers.\n",
        "bad.json": '{"question": }',
        "two.json": '[{"question": "a"}, {"question": "b"}]',
        "field.json": '{"problem": "a"}',
        "empty.md": "# Title\n\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = run(*arguments, cwd=tmp_path, env={"CURE_AGENT_STATE": str(tmp_path), "PATH": "/usr/bin:/bin"})
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("cure-agent: ")
