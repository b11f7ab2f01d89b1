"""Processes and time: programs that start many processes, run long, or leave processes behind."""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import BOMBS, LIBC, SPINS, Hostile, program, spins, waits

CRASH, TIMEOUT = Verdict.CRASH, Verdict.TIMEOUT

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "fork_bomb",
        "forks for ever",
        """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """,
        TIMEOUT,
        limits=BOMBS,
    ),
    program(
        "fork_bomb_of_sessions",
        "forks for ever, every copy in a session of its own, and ignores signals",
        """
        import os, signal
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        while True:
            try:
                if os.fork() == 0:
                    os.setsid()
            except OSError:
                pass
        """,
        TIMEOUT,
        limits=BOMBS,
    ),
    program(
        "sleepers_left_behind",
        "leaves as many sleeping children as it can",
        """
        import os, time
        for _ in range(200):
            try:
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
            except OSError:
                break
        print('ok')
        """,
        stdout=b"ok\n",
    ),
    program(
        "daemon_that_writes_later",
        "leaves a daemon that keeps writing to standard output",
        """
        import os, time
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(0.05)
                while True:
                    os.write(1, b'EVIL\\n')
                    time.sleep(0.01)
            os._exit(0)
        print('parent')
        """,
        stdout=b"parent\n",
    ),
    program(
        "comet",
        "leaves a process that lives on in ever new copies, each ended before anyone can catch it",
        """
        import os, time
        if os.fork() == 0:
            while True:
                try:
                    if os.fork():
                        os._exit(0)
                except OSError:
                    pass
        time.sleep(0.02)
        print('parent')
        """,
        stdout=b"parent\n",
    ),
    program(
        "children_of_the_runner",
        "makes children whose parent is the runner (CLONE_PARENT) and leaves them there",
        """
        import time
        number = 56 if os.uname().machine == 'x86_64' else 220
        for _ in range(4):
            if libc.syscall(number, 0x8000 | 17, 0, 0, 0, 0) == 0:
                time.sleep(60)
                os._exit(0)
        print('parent')
        """,
        given=LIBC,
        stdout=b"parent\n",
    ),
    program(
        "children_that_die_loudly",
        "leaves children whose end sends SIGKILL or SIGSTOP to their parent",
        """
        import time
        number = 56 if os.uname().machine == 'x86_64' else 220
        for signal in (9, 19):
            if os.fork() == 0:
                if libc.syscall(number, signal, 0, 0, 0, 0) == 0:
                    while os.getppid() != 1:
                        time.sleep(0.001)
                os._exit(0)
        time.sleep(0.05)
        print('parent')
        """,
        given=LIBC,
        stdout=b"parent\n",
    ),
    program(
        "many_threads",
        "starts five thousand threads",
        """
        import threading, time
        try:
            for n in range(5000):
                threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        except RuntimeError:
            print('limit', n < 5000)
        """,
        stdout=b"limit True\n",
    ),
    program(
        "threads_of_threads",
        "starts threads that start threads, for ever",
        """
        import threading
        threading.stack_size(1 << 16)
        def start():
            while True:
                try:
                    threading.Thread(target=start).start()
                except (RuntimeError, MemoryError):
                    pass
        start()
        """,
        TIMEOUT,
        limits=BOMBS,
    ),
    waits(
        "endless_thread",
        "leaves a thread that is not a daemon and sleeps",
        """
        import threading, time
        threading.Thread(target=time.sleep, args=(60,)).start()
        print('main')
        """,
    ),
    program(
        "main_thread_leaves",
        "ends its main thread alone while another computes",
        """
        import threading
        def spin():
            while True:
                pass
        threading.Thread(target=spin).start()
        libc.syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
        """,
        TIMEOUT,
        given=LIBC,
        limits=SPINS,
    ),
    waits(
        "sleeps",
        "sleeps for ever",
        "import time\nwhile True: time.sleep(1000)",
    ),
    waits(
        "stops_itself",
        "stops itself",
        "import os\nos.kill(os.getpid(), 19)",
    ),
    spins(
        "spins",
        "loops for ever",
        "while True: pass",
    ),
    spins(
        "never_returns_to_python",
        "computes for ever in C, where no handler of Python runs",
        "print(max(range(10**15)))",
    ),
    spins(
        "backtracks",
        "matches a pattern that takes exponential time",
        "import re\nprint(re.match('(a+)+b', 'a' * 60))",
    ),
    spins(
        "cpu_of_children",
        "spends CPU time in children, one after another",
        """
        import os
        while True:
            pid = os.fork()
            if pid == 0:
                for _ in range(10**6): pass
                os._exit(0)
            os.waitpid(pid, 0)
        """,
    ),
    program(
        "ignores_the_time_limit",
        "ignores the signal that the kernel sends for too much CPU time",
        """
        import resource, signal
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass
        """,
        TIMEOUT,
        limits=SPINS,
    ),
    program(
        "interrupts_itself",
        "sends itself an alarm every microsecond while it computes",
        """
        import signal
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.setitimer(signal.ITIMER_REAL, 1e-6, 1e-6)
        while True:
            pass
        """,
        TIMEOUT,
        limits=SPINS,
    ),
    spins(
        "becomes_a_shell",
        "replaces itself by a shell that loops",
        "import os\nos.execv('/bin/sh', ['sh', '-c', 'while :; do :; done'])",
    ),
    spins(
        "endless_atexit",
        "loops for ever in a function that runs when the interpreter exits (atexit)",
        """
        import atexit
        @atexit.register
        def spin():
            while True: pass
        print('x')
        """,
    ),
    spins(
        "endless_destructor",
        "loops for ever in the destructor of an object that lives until the interpreter exits",
        """
        class A:
            def __del__(self):
                while True: pass
        a = A()
        """,
    ),
    spins(
        "endless_excepthook",
        "loops for ever while its exception is reported",
        """
        import sys
        def spin(*_):
            while True: pass
        sys.excepthook = spin
        raise ValueError
        """,
    ),
    program(
        "zombies",
        "makes five thousand children that end and are not waited for",
        """
        import os
        n = 0
        try:
            for n in range(5000):
                if os.fork() == 0:
                    os._exit(0)
        except OSError:
            print('eagain')
        print(n < 5000)
        """,
        stdout=b"eagain\nTrue\n",
    ),
)
