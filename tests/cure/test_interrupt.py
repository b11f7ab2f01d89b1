"""Signals to a real process that runs a coroutine."""

import signal
import subprocess
import sys

import pytest

from cure.interrupt import run_interruptible

PROGRAM = """
import asyncio, sys, time
from cure.interrupt import run_interruptible

async def work():
    try:
        print("at work", flush=True)
        await asyncio.sleep(60)
    finally:
        print("closed", flush=True)
        if "stubborn" in sys.argv:
            time.sleep(60)

try:
    run_interruptible(work())
except KeyboardInterrupt as error:
    print("ended by", error)
"""


def start(*arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "at work\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_closes_what_is_open(number: signal.Signals) -> None:
    with start() as process:
        process.send_signal(number)
        said, _ = process.communicate(timeout=30)
    assert said == f"closed\nended by {number.name}\n"


def test_a_second_signal_ends_a_process_that_does_not_end() -> None:
    with start("stubborn") as process:
        process.send_signal(signal.SIGTERM)
        assert process.stdout is not None
        assert process.stdout.readline() == "closed\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == -signal.SIGTERM


def test_the_result_comes_back_and_the_handlers_of_before_are_in_place_again() -> None:
    async def work() -> int:
        return 3

    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    assert run_interruptible(work()) == 3
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
