"""Watches one running command: passes its output to the host, and ends it at its limits of time and memory."""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress
from typing import Any

from sandbox.workspace.inside import wire
from sandbox.workspace.inside.channel import FULL, Channel
from sandbox.workspace.inside.tree import Tree

TICK_S = 0.025


class Watch:
    """One running command, and the measurements of it."""

    def __init__(
        self,
        channel: Channel,
        head: dict[str, Any],
        *,
        pid: int,
        tree: Tree,
        started: float,
        pipes: dict[int, str],
        feed: int,
    ) -> None:
        """`head` has the command's limits; `started` is the time of its start, from `time.monotonic`.

        `pipes` maps descriptors to the streams `stdout` and `stderr`; `feed` is the descriptor of a pipe to standard
        input, or -1 without one.
        """
        self._channel = channel
        self._head = head
        self._pid = pid
        self._tree = tree
        self._started = started
        self._pipes = pipes
        self._feed = feed
        self._unfed = bytearray()
        self._feed_complete = False
        self._written = {"stdout": 0, "stderr": 0}
        self._next_look = started + TICK_S
        self.status: int | None = None
        self.killed = ""
        self.wall_s = 0.0
        self.peak_kb = 0
        self.kept = bytearray()

    def until_over(self) -> None:
        """Wait until the command has ended or must be ended (`killed` says why).

        Raises EOFError when the host has closed the connection.
        """
        pidfd = os.pidfd_open(self._pid)
        try:
            # Frames that came together with the request are in the buffer already, and poll would not report them.
            self._obey()
            while self.status is None and not self.killed:
                poller = select.poll()
                poller.register(pidfd, select.POLLIN)
                poller.register(self._channel.source, select.POLLIN)
                if self._channel.waiting:
                    poller.register(self._channel.target, select.POLLOUT)
                if self._channel.waiting < FULL:
                    for fd in self._pipes:
                        poller.register(fd, select.POLLIN)
                if self._feed >= 0 and self._unfed:
                    poller.register(self._feed, select.POLLOUT)
                for fd, _ in poller.poll(1 + int(1000 * max(0.0, self._next_look - time.monotonic()))):
                    self._serve(fd)
                self.reap(os.WNOHANG)
                if time.monotonic() >= self._next_look:
                    self._look()
        finally:
            os.close(pidfd)
            if self._feed >= 0:
                os.close(self._feed)
                self._feed = -1
        self.wall_s = time.monotonic() - self._started

    def _serve(self, fd: int) -> None:
        if fd in self._pipes:
            self._take(fd)
        elif fd == self._channel.source:
            self._channel.fill()
            self._obey()
        elif fd == self._channel.target:
            self._channel.flush()
        elif fd == self._feed:
            self._give()

    def _obey(self) -> None:
        while (frame := self._channel.frame()) is not None:
            kind, _, body = frame
            if kind == wire.STOP:
                self.killed = "stopped"
            elif kind == wire.MORE:
                self._unfed += body
                self._give()
            elif kind == wire.END:
                self._feed_complete = True
                self._give()

    def _give(self) -> None:
        """Pass received bytes on to the command's standard input; request further bytes when all are taken."""
        if self._feed < 0:
            return
        had = bool(self._unfed)
        with suppress(BlockingIOError, BrokenPipeError):
            while self._unfed:
                sent = os.write(self._feed, memoryview(self._unfed)[: 1 << 16])
                del self._unfed[:sent]
        if not self._unfed and self._feed_complete:
            os.close(self._feed)
            self._feed = -1
        elif had and not self._unfed:
            self._channel.send(wire.NEXT)

    def _take(self, fd: int) -> None:
        chunk = os.read(fd, 1 << 16)
        if not chunk:
            os.close(fd)
            del self._pipes[fd]
            return
        name = self._pipes[fd]
        if self._head.get("keep") and name == "stdout":
            self.kept += chunk
            return
        left = self._head["output"] - self._written[name]
        self._written[name] += len(chunk)
        if left > 0:
            self._channel.send(wire.OUTPUT, {"stream": name}, chunk[:left])
        if len(chunk) > left:
            self.killed = self.killed or name

    def _look(self) -> None:
        cpu_s, memory_kb = self._tree.measure()
        now = time.monotonic()
        limit_kb = self._head["memory"] >> 10
        if memory_kb > limit_kb:
            memory_kb = self._tree.exact_memory_kb(memory_kb)
        self.peak_kb = max(self.peak_kb, memory_kb)
        if memory_kb > limit_kb:
            self.killed = "memory"
        elif cpu_s > self._head["cpu_s"]:
            self.killed = "cpu"
        elif now - self._started > self._head["wall_s"]:
            self.killed = "wall"
        # Measuring thousands of processes takes time: spend at most a tenth of all time on it.
        self._next_look = now + max(TICK_S, 10 * (time.monotonic() - now))

    def reap(self, options: int) -> None:
        """Collect ended children, orphans included; with options 0, wait until all children have ended."""
        with suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, options)
                if pid == 0:
                    return
                self.peak_kb = max(self.peak_kb, usage.ru_maxrss)
                if pid == self._pid:
                    self.status = status

    def drain(self) -> None:
        """Pass on the rest of the output, after all processes have ended."""
        while self._pipes:
            for fd in list(self._pipes):
                self._take(fd)
