"""PID 1 of a workspace's jail: runs one command at a time, watches its processes, and ends all of them."""

from __future__ import annotations

import errno
import mmap
import os
import resource
import signal
import sys
import time
from math import ceil
from typing import Any, NoReturn

from sandbox.runner import confine, seccomp
from sandbox.workspace.inside import files, wire
from sandbox.workspace.inside.channel import Channel
from sandbox.workspace.inside.tree import Tree
from sandbox.workspace.inside.watch import Watch

REFUSED = 70
OPEN_FILES = 4096
WORDS_AT, WORDS_SIZE = 2, 500


def main(arguments: list[str]) -> NoReturn:
    """Serve until standard input ends; refuse to start unless this process is PID 1.

    `arguments`: the user id for commands (`-`: that of this process), the directory of the workspace, and further
    directories that commands own.
    """
    if os.getpid() != 1:
        os.write(2, b"the workspace supervisor must be PID 1 of a PID namespace of its own; refusing to start\n")
        os._exit(REFUSED)
    errors = os.dup(2)
    try:
        # PID 1 is immune to signals from inside only as long as it handles none; Python handles SIGINT.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        confine.hide()
        channel = Channel(os.dup(0), os.dup(1))
        nothing = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nothing, fd)
        uid = None if arguments[0] == "-" else confine.mapped(int(arguments[0]))
        if uid is not None:
            for directory in arguments[1:]:
                os.chown(directory, uid, uid)
        confine.join_group(uid)
        seccomp.install(programs=False)
        supervisor = Supervisor(channel, uid, arguments[1])
        channel.send(wire.READY)
        while True:
            kind, head, body = channel.wait()
            # Other frames are ignored: a STOP may come after its command has ended.
            if kind == wire.RUN:
                supervisor.run(head, body)
    except (EOFError, BrokenPipeError):
        os._exit(0)
    except BaseException as error:
        os.write(errors, f"workspace supervisor: {type(error).__name__}: {error}\n".encode(errors="replace"))
        os._exit(1)


class Supervisor:
    """Runs commands; their processes are the only ones of the PID namespace besides this one."""

    def __init__(self, channel: Channel, uid: int | None, root: str) -> None:
        confine.require_pid_1()
        self._channel = channel
        self._uid = uid
        self._root = root
        self._manifest = b""
        self._page = mmap.mmap(-1, mmap.PAGESIZE)

    def run(self, head: dict[str, Any], body: bytes) -> None:
        """Run one command, or one job on files; send its output as it comes, then the facts about its end."""
        self._page[: WORDS_AT + WORDS_SIZE] = bytes(WORDS_AT + WORDS_SIZE)
        feed = -1
        if head.get("stream"):
            stdin, feed = os.pipe()
            os.set_blocking(feed, False)
        else:
            stdin = os.memfd_create("stdin")
            with open(os.dup(stdin), "wb") as file:
                file.write(body)
            os.lseek(stdin, 0, os.SEEK_SET)
        pipes = [*os.pipe(), *os.pipe()]
        tree = Tree()
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._child(head, stdin, pipes[1], pipes[3])
        for fd in (stdin, pipes[1], pipes[3]):
            os.close(fd)
        outputs = {pipes[0]: "stdout", pipes[2]: "stderr"}
        watch = Watch(self._channel, head, pid=pid, tree=tree, started=started, pipes=outputs, feed=feed)
        watch.until_over()
        confine.kill_all_others()
        watch.reap(0)
        watch.drain()
        cpu_s, _ = tree.measure()
        if head.get("keep"):
            self._manifest = bytes(watch.kept)
        self._channel.send(
            wire.DONE,
            {
                "status": watch.status,
                "killed": watch.killed,
                "cpu_s": cpu_s,
                "wall_s": watch.wall_s,
                "peak_kb": watch.peak_kb,
                "oom": tree.oom_killed(),
                "failed": self._page[0],
                "words": self._page[WORDS_AT : WORDS_AT + WORDS_SIZE].rstrip(b"\0").decode(errors="replace"),
            },
        )

    def _child(self, head: dict[str, Any], stdin: int, stdout: int, stderr: int) -> NoReturn:
        """Become the command. The shared page gets what failed: 1 the command, 2 its directory, 3 the sandbox."""
        failed = 3
        status = 126
        try:
            for number in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            os.setsid()
            confine.streams(stdin, stdout, stderr)
            confine.limit(_bounds(head))
            confine.drop_to(self._uid)
            if "work" in head:
                self._work(head)
            failed = 2
            os.chdir(self._root)
            directory = files.resolved(head["cwd"])
            os.chdir(directory)
            failed = 1
            os.execvpe(head["argv"][0], head["argv"], {**head["env"], "PWD": directory})
        except BaseException as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOENT, errno.ENOTDIR):
                status = 127
            text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            words = text.encode(errors="replace")[:WORDS_SIZE]
            self._page[0] = failed
            self._page[WORDS_AT : WORDS_AT + len(words)] = words
        finally:
            os._exit(status)

    def _work(self, head: dict[str, Any]) -> NoReturn:
        status = 0
        try:
            files.work(head["work"], self._root, head, self._manifest)
            sys.stdout.flush()
            sys.stderr.flush()
        except files.Refused as error:
            os.write(2, str(error).encode(errors="replace"))
            status = 2
        except Exception as error:
            text = error.strerror if isinstance(error, OSError) and error.strerror else f"{error}"
            os.write(2, text.encode(errors="replace"))
            status = 3 if isinstance(error, OSError) else 1
        finally:
            os._exit(status)


def _bounds(head: dict[str, Any]) -> confine.Bounds:
    wanted = [(resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, OPEN_FILES), (resource.RLIMIT_MSGQUEUE, 0)]
    if "work" not in head:
        wanted += [
            (resource.RLIMIT_CPU, ceil(head["cpu_s"]) + 1),
            (resource.RLIMIT_DATA, head["memory"]),
            (resource.RLIMIT_FSIZE, head["file"]),
            # One more, because a supervisor with the same user id counts too.
            (resource.RLIMIT_NPROC, head["processes"] + 1),
        ]
    return confine.allowed(wanted)
