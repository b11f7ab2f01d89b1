"""The runner's loop in PID 1: takes jobs from the host, runs them, and sends the results."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
from typing import NoReturn

from sandbox.runner import confine, seccomp
from sandbox.runner.channel import Channel, Outbox
from sandbox.runner.frames import BACK, BACK_BODY, HEADER, INPUT_HEAD, JOB, JOB_HEAD, READY, READY_BODY, VERSION, Limits
from sandbox.runner.gaps import fill_gaps
from sandbox.runner.jail import Jail
from sandbox.runner.jobs import Job, Jobs
from sandbox.runner.text import keep_text
from sandbox.runner.warm import warm_up

REFUSED = 70
"""Exit status of a runner that is not PID 1."""
KEPT = 2
"""Number of jobs whose results go into one message while other jobs wait: each message wakes the process that
forwards it to the host."""
PRELOADED = ("math", "collections", "heapq", "bisect", "itertools", "functools", "operator", "re", "string", "typing")


def main(arguments: list[str]) -> NoReturn:
    """Serve until standard input ends; refuse unless this process is PID 1.

    Arguments: the user id that programs run under, or `-` for that of this process; directories they may write to.
    """
    if os.getpid() != 1:
        os.write(2, b"the sandbox runner must be PID 1 of a PID namespace of its own; refusing to start\n")
        os._exit(REFUSED)
    errors = os.dup(2)
    fillings: list[bytes] = []
    try:
        # PID 1 is immune to signals from inside only as long as it handles none; Python handles SIGINT.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        confine.hide()
        confine.pass_on_no_capabilities()
        seccomp.install(programs=True)
        channel = Channel(os.dup(0), os.dup(1))
        # Seekable files in the places of 0, 1 and 2, so that streams made before the fork know they can seek.
        for fd in (0, 1, 2):
            placeholder = os.memfd_create("placeholder")
            os.dup2(placeholder, fd)
            os.close(placeholder)
        uid = None if arguments[0] == "-" else confine.mapped(int(arguments[0]))
        jail = Jail(uid, arguments[1:])
        sys.path.insert(0, os.getcwd())
        outbox = Outbox(channel)
        for name in PRELOADED:
            importlib.import_module(name)
        _import_random()
        keep_text()
        jobs = Jobs(jail, outbox)
        warm_up(jail.report, jobs.library)
        jobs.interpreter.install()
        # Frozen objects are not touched by a child's garbage collector, so their pages stay shared.
        gc.collect()
        fill_gaps(fillings)
        gc.freeze()
        channel.send(READY, READY_BODY.pack(VERSION))
        _serve(channel, jobs, outbox)
    except (EOFError, BrokenPipeError):
        os._exit(0)
    except BaseException as error:
        os.write(errors, f"sandbox runner: {type(error).__name__}: {error}\n".encode(errors="replace"))
        os._exit(1)


def _import_random() -> None:
    """Load `random` with a fixed seed, without its reseeding after every fork, which takes half a millisecond."""
    register = os.register_at_fork
    os.register_at_fork = lambda **_: None
    try:
        random = importlib.import_module("random")
    finally:
        os.register_at_fork = register
    random.seed(0)


def _serve(channel: Channel, jobs: Jobs, outbox: Outbox) -> NoReturn:
    kept = 0
    while True:
        job = _take_job(channel)
        try:
            finished = jobs.run(job)
        finally:
            os.close(job.inputs)
        jobs.jail.check()
        kept += 1
        if not finished or kept == KEPT or not channel.has_more():
            kept = 0
            outbox.flush()
        if not finished:
            channel.send(BACK, BACK_BODY.pack(job.number))


def _take_job(channel: Channel) -> Job:
    """The next job; its inputs go from the pipe into a file and do not stay in the memory of this process.

    Raises ValueError where the frame is no job or its sizes contradict each other, EOFError when the host has closed
    the connection.
    """
    kind, size = HEADER.unpack(channel.take(HEADER.size))
    if kind != JOB:
        raise ValueError(f"frame of kind {kind}")
    head = JOB_HEAD.unpack(channel.take(JOB_HEAD.size))
    number, strict, count, source_size = head[:4]
    source = channel.take(source_size)
    table = list(INPUT_HEAD.iter_unpack(channel.take(count * INPUT_HEAD.size)))
    texts = sum(size for _, size in table)
    if size != JOB_HEAD.size + source_size + count * INPUT_HEAD.size + texts:
        raise ValueError("sizes in the job frame contradict each other")
    inputs = os.memfd_create("inputs")
    channel.pour(inputs, texts)
    return Job(number, source, Limits(*head[4:]), bool(strict), table, inputs)
