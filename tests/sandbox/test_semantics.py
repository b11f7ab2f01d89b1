"""Programs behave in the sandbox as they do under `python main.py`: each runs outside as well, and both are compared.

Most programs run on several inputs: once with a process for each input, and once in the default mode, in which the
inputs of a plain program share a process.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox import Job, Limits, Sandbox, Verdict
from tests.sandbox.conftest import Execute
from tests.sandbox.innocent import PROGRAMS
from tests.sandbox.innocent_crashes import CRASHES
from tests.sandbox.innocent_state import STATE
from tests.sandbox.innocent_streams import STREAMS
from tests.sandbox.outside import inside, outside

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL: dict[str, tuple[str, tuple[bytes, ...]]] = {
    **{name: (source, (stdin, b"", b"7 8\n9 10\n", stdin)) for name, (source, stdin) in PROGRAMS.items()},
    **STREAMS,
    **STATE,
    **CRASHES,
}
MODES = [pytest.param(True, id="strict"), pytest.param(False, id="default")]
LIMITS = {
    "binary_megabytes": Limits(cpu_s=5, output_bytes=4 << 20),
    # Less CPU time than the program needs for two of its inputs.
    "seconds_of_one_second": Limits(cpu_s=1),
}

_UNFLUSHED = "only the exit code says that the last flush failed"
WORDS = {
    "stdout_whose_flush_raises": _UNFLUSHED,
    "stdout_descriptor_closed": _UNFLUSHED,
    "stdout_detached": _UNFLUSHED,
    "stderr_closed_then_error": "says how many references an exception has",
    "excepthook_raises": "a hook of the program's that fails does so in silence",
    "syntax_warning": "what the compiler warns of is not kept",
    "generator_that_yields_on": "the end of a program is a frame like any other",
}
"""Programs whose standard error differs, with the reason."""

_DEEPER = "the runner's own frames count"
_STREAMS = "the streams of a shared process keep what is written in memory"

DIFFERENT = {
    "recursion_at_a_border_of_its_own": ("", _DEEPER),
    "recursion_limit": ("", _DEEPER),
    "recursion_limit_told": ("", _DEEPER),
    "recursion_limit_too_low": ("", _DEEPER),
    "frames_counted": ("", _DEEPER),
    "stack_walked": ("", _DEEPER),
    "stack_inspected": ("", _DEEPER),
    "trace_set": ("", "what the runner does at the end is traced as well"),
    "submodule_nobody_imported": ("", "preloaded modules bring submodules along"),
    "destructors_in_order": ("", "what is found to be garbage together is destroyed in another order"),
    "stdout_without_flush": ("", "nothing is said about a stream that could not be flushed"),
    "buffers_told": ("default", _STREAMS),
    "streams_told": ("default", _STREAMS),
    "reads_from_stdout": ("default", _STREAMS),
    "reads_from_the_buffer_of_stdout": ("default", _STREAMS),
}
"""Programs that behave differently: where (a sandbox, a mode, both, or empty for everywhere), and the reason."""


def known_difference(name: str, strict: bool, sandbox: Sandbox) -> str:
    """The reason why this program is known to behave differently; empty where it is not."""
    where, why = DIFFERENT.get(name, ("nowhere", ""))
    here = {sandbox.isolation.split()[0], "strict" if strict else "default"}
    return why if here.issuperset(where.split()) else ""


@pytest.mark.parametrize("strict", MODES)
@pytest.mark.parametrize("name", ALL)
async def test_it_behaves_as_outside(name: str, strict: bool, sandbox: Sandbox) -> None:
    source, inputs = ALL[name]
    job = Job(name, source, inputs, LIMITS.get(name, Limits(cpu_s=5)), strict)
    executions = {execution.index: execution async for execution in sandbox.run([job])}
    expected = [outside(source, stdin) for stdin in inputs]
    got = [inside(executions[index]) for index in range(len(inputs))]
    if name in WORDS:
        expected, got = ([replace(seen, messages=b"") for seen in all_seen] for all_seen in (expected, got))
    if reason := known_difference(name, strict, sandbox):
        assert got != expected, f"no longer different ({reason}): take it off the list"
        pytest.xfail(reason)
    assert got == expected
    assert not (strict and any(execution.shared for execution in executions.values()))


async def test_most_plain_programs_share_a_process(sandbox: Sandbox) -> None:
    jobs = [Job(name, *ALL[name]) for name in ALL if name not in LIMITS]
    sharing = {execution.job async for execution in sandbox.run(jobs) if execution.shared}
    assert {"benign", "stdin_buffer", "readlines", "prompt", "exits", "lru_cache", "decimal_traps"} <= sharing
    assert len(sharing) > 120


async def test_a_plain_program_that_raises_shares_a_process_too(sandbox: Sandbox) -> None:
    source, inputs = CRASHES["raises_for_some"]
    executions = [execution async for execution in sandbox.run([Job("program", source, inputs)])]
    assert [(e.verdict, e.reason, e.exit_code, e.shared) for e in sorted(executions, key=lambda e: e.index)] == [
        (Verdict.CRASH, "IndexError", 1, True),
        (Verdict.OK, "", 0, True),
    ] * 2


async def test_the_last_line_of_a_traceback_is_the_interpreters(execute: Execute) -> None:
    inside = await execute("def f():\n    return {}['a']\nf()")
    assert inside.stderr_tail.startswith(b'Traceback (most recent call last):\n  File "main.py", line 3, in <module>\n')
    assert inside.stderr_tail.endswith(b"KeyError: 'a'\n")
    assert inside.reason == "KeyError"


async def test_a_source_that_does_not_compile_says_so_for_every_input(execute: Execute) -> None:
    inside = await execute("x = (")
    assert (inside.verdict, inside.reason) == (Verdict.CRASH, "compile error")
    assert b"SyntaxError" in inside.stderr_tail and b"sandbox" not in inside.stderr_tail


async def test_a_nul_in_the_source_does_not_compile_whatever_the_interpreters_version_says(execute: Execute) -> None:
    """CPython before 3.11.4 runs a file up to the NUL; later ones refuse it, and so does the runner always."""
    inside = await execute("print(1)\0print(2)")
    assert (inside.verdict, inside.reason, inside.stdout) == (Verdict.CRASH, "compile error", b"")


RANDOM = "import random; print(random.random(), random.sample(range(100), 5), random.gauss(0, 1))"
THROUGH_ANOTHER_MODULE = "import statistics; print(statistics.NormalDist().samples(2))"


@pytest.mark.parametrize("strict", MODES)
@pytest.mark.parametrize("source", [RANDOM, THROUGH_ANOTHER_MODULE], ids=["random", "statistics"])
async def test_a_program_gets_the_same_random_numbers_for_every_input(
    source: str, strict: bool, sandbox: Sandbox
) -> None:
    job = Job("program", source, (b"1", b"2", b"3", b"4"), strict=strict)
    printed = {execution.stdout async for execution in sandbox.run([job])}
    assert len(printed) == 1


async def test_forty_megabytes_go_in_and_come_out(execute: Execute) -> None:
    text = b"0123456789abcdef" * (40 << 16)
    source = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    inside = await execute(source, text, cpu_s=10, output_bytes=50 << 20)
    assert inside.verdict == Verdict.OK
    assert inside.stdout == text
