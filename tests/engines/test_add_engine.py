"""A new engine is one file and one line of registration: this file is the first, and `toy` below the second."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

import pytest

from agent.command import main
from engines import Completion, Delta, Engine, ModelSpec, ModelSpecError, Request, check_model, open_engine, parse_spec
from engines.options import own_options
from engines.registry import ENGINES, Registered
from settings.section import Section

PROGRAM = "```python\na, b = map(int, input().split())\nprint(a + b)\n```"
TEST = "**Test Input:**\n```\n2 40\n```\n\n**Test Output:**\n```\n42\n```\n"


class ToyOptions(Section):
    """Options of the toy engine."""

    greeting: str = ""
    """Text that every answer begins with."""


class ToyEngine:
    """An engine that always answers with a program or a test for the sum of two integers."""

    def __init__(self, spec: ModelSpec, options: ToyOptions) -> None:
        self.spec = self.model = spec.text
        self.closed = 0
        self._options = options

    async def check(self) -> str:
        return f"{self.spec} can add"

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        for request in requests:
            text = self._options.greeting + (PROGRAM if request.key.startswith("coder") else TEST)
            for index in range(request.n):
                yield Completion(request.key, index, text, "stop")

    async def close(self) -> None:
        self.closed += 1


async def open_toy(spec: ModelSpec, options: Sequence[Section]) -> Engine:
    return ToyEngine(spec, own_options(ToyOptions, options))


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "toy", Registered("toy:NAME", f"{__name__}:open_toy"))


@pytest.mark.bubblewrap
def test_a_problem_is_solved_by_it(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("CURE_AGENT_STATE", str(tmp_path / "state"))
    problem = tmp_path / "sum.json"
    problem.write_text(
        json.dumps([{"question": "Print the sum.", "example_input": ["1 2\n"], "example_output": ["3\n"]}])
    )
    with pytest.raises(SystemExit) as ended:
        main(["solve", str(problem), "--model", "toy:adder", "-n", "2", "-m", "2", "--sandbox", "bubblewrap"])
    assert ended.value.code == 0
    assert "print(a + b)" in capsys.readouterr().out


async def test_it_takes_its_own_options_and_leaves_those_of_others() -> None:
    from engines import HttpOptions

    engine = await open_engine("toy:adder", HttpOptions(), ToyOptions(greeting="Hello. "))
    said = [completion.text async for completion in engine.complete([Request("tester/1", None)])]
    assert said == ["Hello. " + TEST]
    assert await check_model("toy:adder") == "toy:adder can add"


def test_messages_about_specs_know_it() -> None:
    with pytest.raises(ModelSpecError, match=r"did you mean toy:adder\? .valid forms: micro, .*, toy:NAME"):
        parse_spec("toys:adder")
    with pytest.raises(ModelSpecError, match="lacks a name after the colon: toy:NAME"):
        parse_spec("toy:")
