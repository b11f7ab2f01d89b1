"""34 small programs get the results of the executor of CURE's release, except for the differences listed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox import Job, Limits, Sandbox, Verdict

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What an interpreter prints and the release does not; in one case the release splits input at vertical tabs too.
RIGHT_OUTPUT = {
    "stdin_buffer": b"b'1 2\\n'\n",
    "mixed_input_then_sysread": b"2 ['5', '6']\n",
    "open0": b"['1', '2']\n",
    "vt_in_input": b"'a\\x0bb'\n'c'\n",
    "big_output_100k": b"a" * 100_000 + b"\n",
    "big_output_1M": b"a" * 1_000_000 + b"\n",
    # On purpose: a prompt is output, as under any interpreter.
    "input_prompt_not_echoed": b"Enter: 5\n",
}
# Programs that fail: the verdict says so, and what they printed before stays their output.
CRASHES = {
    "sys_exit1": b"before\n",
    "eof": b"",
    "exception_after_output": b"partial\n",
    "name_error": b"",
    "typing_dict_not_injected": b"",
    "recursion_limit": b"",
    "keyboard_interrupt": b"",
    # On purpose: List, Tuple and Optional are not there without an import, as under any interpreter.
    "typing_injected": b"",
}
TIMEOUTS = {"infinite_loop": b"", "output_then_infinite": b"x\n"}


async def test_it_agrees_with_the_release_but_for_the_listed_differences(sandbox: Sandbox, shared_data: Path) -> None:
    cases = json.loads((shared_data / "cure-golden" / "execution.json").read_text())["cases"]
    jobs = [Job(c["name"], c["code"], (c["stdin"].encode(),), Limits(cpu_s=c["time_limit"])) for c in cases]
    executions = {e.job: e async for e in sandbox.run(jobs)}
    released = {c["name"]: c["result"].encode() for c in cases}
    expected = {name: (Verdict.OK, stdout) for name, stdout in released.items()}
    expected |= {name: (Verdict.OK, stdout) for name, stdout in RIGHT_OUTPUT.items()}
    expected |= {name: (Verdict.CRASH, stdout) for name, stdout in CRASHES.items()}
    expected |= {name: (Verdict.TIMEOUT, stdout) for name, stdout in TIMEOUTS.items()}
    assert {name: (e.verdict, e.stdout) for name, e in executions.items()} == expected
    differing = {name for name, outcome in expected.items() if outcome != (Verdict.OK, released[name])}
    assert differing == {*RIGHT_OUTPUT, *CRASHES, *TIMEOUTS}
