"""A child of PID 1 that outlives jobs and forks the processes that run programs.

After a fork every page that parent or child writes is copied or faulted in again. The zygote writes almost nothing
between forks; PID 1, which writes more, forks little and so keeps its pages. The zygote never reads a program: its
children read the files that it passes on. PID 1 looks for what a program left behind, and replaces the zygote if there
was anything.
"""

from __future__ import annotations

import marshal
import os
import struct
from importlib import import_module
from typing import Any, NoReturn

from sandbox.runner import confine
from sandbox.runner.jail import Jail
from sandbox.runner.processes import ANSWER, ForkedOnRequest, Process, Watched
from sandbox.runner.tasks import Tasks

MOST_FILES = 250
"""Maximum number of files that go with a request: a few fewer than SCM_MAX_FD of unix(7)."""

# The C module below `socket`, without its classes and enumerations.
_socket: Any = import_module("_socket")


class Zygote(ForkedOnRequest):
    """PID 1's side of the zygote. A zygote exists only where programs have another user id and so cannot signal it."""

    def __init__(self, jail: Jail, pid: int, channel: Any) -> None:
        self._jail = jail
        self._channel = channel
        super().__init__(pid, channel.fileno(), jail.end_all)

    def start(self, task: int, request: int, files: tuple[int, ...]) -> None:
        """Have the zygote fork a process for this task. Raises OSError if the zygote has ended."""
        rights = struct.pack(f"{len(files) + 1}i", request, *files)
        self._channel.sendmsg([bytes((task,))], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])

    def is_alone(self) -> bool:
        return self._jail.has_only(self.parent) and self.children.are()

    def close(self) -> None:
        self._channel.close()


def _serve(channel: Any, jail: Jail, tasks: Tasks) -> NoReturn:
    """Fork a process for every request, and report its end."""
    fork, wait, close, write, pack = os.fork, os.wait4, os.close, os.write, ANSWER.pack
    receive, answers, space = channel.recvmsg, channel.fileno(), _socket.CMSG_SPACE(4 * MOST_FILES)
    try:
        # The zygote was forked while a job's files were open.
        confine.close_all_but(answers, jail.failures)
        jail.prepare()
        while True:
            message, rights, _, _ = receive(1, space)
            if not message:
                break
            files = struct.unpack(f"{len(rights[0][2]) // 4}i", rights[0][2])
            pid = fork()
            if pid == 0:
                close(answers)
                arguments = marshal.loads(os.pread(files[0], os.fstat(files[0]).st_size, 0))
                close(files[0])
                tasks.run(message[0], arguments, files[1:])
            for fd in files:
                close(fd)
            _, status, usage = wait(pid, 0)
            write(answers, pack(status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss))
    finally:
        os._exit(0)


class Starter:
    """Starts the processes of jobs: through a zygote where there can be one, else by forking PID 1."""

    def __init__(self, jail: Jail, tasks: Tasks) -> None:
        self._jail = jail
        self._tasks = tasks
        self._zygote: Zygote | None = None

    def start(self, task: int, arguments: tuple[Any, ...], files: tuple[int, ...]) -> Process:
        """A process that does this task with these arguments, which are plain values, and file descriptors."""
        if self._jail.can_fork_from_child:
            return self.fork_in_zygote(task, arguments, files)
        pid = os.fork()
        if pid == 0:
            self._tasks.run(task, arguments, files)
        return Watched(pid, self._jail.end_all)

    def fork_in_zygote(self, task: int, arguments: tuple[Any, ...], files: tuple[int, ...]) -> Zygote:
        """The process that the zygote forks for this task; the Zygote object stands for its latest child."""
        request = os.memfd_create("request")
        try:
            os.write(request, marshal.dumps(arguments))
            if self._zygote is not None and self._zygote.lives:
                try:
                    self._zygote.start(task, request, files)
                    return self._zygote
                except ConnectionError:
                    # The zygote was killed while it had nothing to do.
                    self._zygote.end()
            here, there = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
            pid = os.fork()
            if pid == 0:
                _serve(there, self._jail, self._tasks)
            there.close()
            self._zygote = Zygote(self._jail, pid, here)
            self._zygote.start(task, request, files)
            return self._zygote
        finally:
            os.close(request)
