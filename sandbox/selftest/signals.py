"""Hostile programs that send signals to other processes, ignore signals, or end by a signal."""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import LIBC, PROCESSES, Hostile, program, refused, waits

OK, CRASH, TIMEOUT = Verdict.OK, Verdict.CRASH, Verdict.TIMEOUT

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "kills_everything",
        "sends every signal to every process",
        """
        import os
        for number in (9, 19, *range(1, 65)):
            try:
                os.kill(-1, number)
            except OSError:
                pass
        print('survived')
        """,
        stdout=b"survived\n",
    ),
    program(
        "kills_its_group",
        "kills its process group, which may be the runner's",
        "import os\nos.kill(0, 9)",
        CRASH,
        signal=9,
    ),
    program(
        "kills_whom_it_sees",
        "kills every process in /proc and every id near its own",
        """
        import time
        for pid in {*pids, 1, os.getppid(), *range(2, 300)} - {0, os.getpid()}:
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        time.sleep(0.05)
        print('alive')
        """,
        given=PROCESSES,
        stdout=b"alive\n",
    ),
    program(
        "signals_process_1",
        "sends every signal to the runner",
        """
        import os, time
        for number in range(1, 65):
            try:
                os.kill(1, number)
            except OSError:
                pass
        time.sleep(0.05)
        print('alive')
        """,
        stdout=b"alive\n",
    ),
    program(
        "signals_process_1_otherwise",
        "sends signals to the runner as queued ones, to its thread, and through a process descriptor",
        """
        import signal, time
        x86 = os.uname().machine == 'x86_64'
        info = ctypes.create_string_buffer(128)
        for number in (2, 6, 9, 11, 15, 19, 34):
            libc.sigqueue(1, number, 0)
            libc.syscall(234 if x86 else 131, 1, 1, number)
            libc.syscall(200 if x86 else 130, 1, number)
            try:
                signal.pidfd_send_signal(os.pidfd_open(1), number)
            except OSError:
                pass
        time.sleep(0.05)
        print('alive')
        """,
        given=LIBC,
        stdout=b"alive\n",
    ),
    program(
        "lets_the_kernel_signal_process_1",
        "makes the runner the owner of sockets whose readiness is signalled with SIGKILL, SIGSTOP and SIGSEGV",
        """
        import fcntl, os, socket, time
        for number in (9, 11, 19):
            a, b = socket.socketpair()
            try:
                fcntl.fcntl(a, fcntl.F_SETOWN, 1)
                fcntl.fcntl(a, 10, number)
                fcntl.fcntl(a, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
                b.send(b'x')
            except OSError:
                pass
        time.sleep(0.05)
        print('alive')
        """,
        stdout=b"alive\n",
    ),
    refused(
        "stops_its_parent",
        "stops its parent",
        """
        import os
        try:
            os.kill(os.getppid(), 19)
        except PermissionError:
            pass
        """,
    ),
    waits(
        "ignores_all_signals",
        "ignores every signal it may and sleeps",
        """
        import signal, time
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            time.sleep(100)
        """,
    ),
    waits(
        "blocks_all_signals",
        "blocks every signal in all its threads and sleeps",
        """
        import signal, threading, time
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        threading.Thread(target=time.sleep, args=(100,)).start()
        time.sleep(100)
        """,
    ),
    program(
        "kills_itself", "kills itself, as if memory had run out", "import os\nos.kill(os.getpid(), 9)", CRASH, signal=9
    ),
    program("aborts", "aborts", "import os\nos.abort()", CRASH, signal=6),
    program("segfault", "reads address 0", "import ctypes\nctypes.string_at(0)", CRASH, signal=11),
    program(
        "claims_the_time_limit",
        "sends itself the signal of the CPU limit at once",
        "import os\nos.kill(os.getpid(), 24)",
        # The kernel sends this signal when the CPU time is up, so a program that sends it may be judged a time-out.
        CRASH,
        TIMEOUT,
    ),
)
