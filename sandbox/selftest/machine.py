"""The machine: programs that change or use up what all processes of a session, of a user or of the machine share."""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import LIBC, SPINS, Hostile, program, refused

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "slows_its_session",
        "gives its whole session the lowest priority, through the kernel's automatic groups",
        """
        import os
        for nice in (b'19', b'-20'):
            try:
                fd = os.open('/proc/self/autogroup', os.O_RDWR)
                os.write(fd, nice)
            except OSError:
                pass
        print('done')
        """,
        stdout=b"done\n",
        look="""
        import os
        nice = []
        for pid in ('self', 1):
            if os.path.exists(f'/proc/{pid}/autogroup'):
                nice.append(open(f'/proc/{pid}/autogroup').read().split()[-1])
        print({*nice, '0'}, os.getpriority(os.PRIO_PROCESS, 1) == os.nice(0))
        """,
        found=b"{'0'} True\n",
    ),
    program(
        "slows_its_groups",
        "gives process groups and all processes of its user the lowest priority of input and output",
        """
        number = 251 if os.uname().machine == 'x86_64' else 30
        processes = ((2, 0), (3, os.getuid()), (1, 1), (1, os.getppid()))
        print([libc.syscall(number, which, who, 3 << 13) for which, who in processes])
        """,
        given=LIBC,
        stdout=b"[-1, -1, -1, -1]\n",
    ),
    program(
        "keeps_cores_to_itself",
        "takes cookies for core scheduling, which keep other processes from the neighbouring hardware threads",
        "print([libc.prctl(62, command, 0, scope, 0) for command in (1, 2, 3) for scope in (0, 1, 2)])",
        given=LIBC,
        stdout=b"[-1, -1, -1, -1, -1, -1, -1, -1, -1]\n",
    ),
    program(
        "holds_aio_slots",
        "takes the slots for asynchronous input and output, of which the machine has a fixed number",
        """
        number = 206 if os.uname().machine == 'x86_64' else 0
        contexts = [ctypes.c_ulong(0) for _ in range(64)]
        print(sum(libc.syscall(number, 64, ctypes.byref(context)) == 0 for context in contexts))
        """,
        given=LIBC,
        stdout=b"0\n",
    ),
    program(
        "holds_file_watches",
        "takes instances of inotify and fanotify, of which a user has a fixed number",
        """
        watch, watch_all = (294, 300) if os.uname().machine == 'x86_64' else (26, 262)
        print(libc.inotify_init(), libc.syscall(watch, 0), libc.syscall(watch_all, 0, 0))
        """,
        given=LIBC,
        stdout=b"-1 -1 -1\n",
    ),
    refused(
        "holds_large_pipes",
        "enlarges pipes, of whose pages a user has a fixed number",
        """
        import fcntl, os
        for _ in range(16):
            for end in os.pipe():
                attempt(fcntl.fcntl, end, 1031, 1 << 20)
        """,
    ),
    refused(
        "holds_leases",
        "takes leases on files, for which others that open them must wait",
        """
        import fcntl, os
        for path in ('/tmp/hostile', os.__file__, '/proc/self/exe'):
            fd = os.open(path, os.O_RDONLY | (os.O_CREAT if path.startswith('/tmp') else 0))
            attempt(fcntl.fcntl, fd, 1024, fcntl.F_RDLCK)
        """,
    ),
    program(
        "holds_signals",
        "keeps blocked signals in its queue, whose length all processes of a user share",
        """
        import os, signal
        signal.pthread_sigmask(signal.SIG_BLOCK, [40])
        queued = 0
        while queued < 5000 and libc.sigqueue(os.getpid(), 40, None) == 0:
            queued += 1
        print(queued < 1000)
        """,
        given=LIBC,
        stdout=b"True\n",
    ),
    refused(
        "holds_terminals",
        "opens pseudo-terminals, of which the machine has a fixed number",
        """
        import os
        for path in ('/dev/ptmx', '/dev/pts/ptmx'):
            attempt(os.open, path, os.O_RDWR)
        """,
    ),
    program(
        "holds_secret_memory",
        "takes memory that is never swapped and that keeps the machine from hibernating",
        "print(libc.syscall(447, 0), libc.mlockall(3))",
        given=LIBC,
        stdout=b"-1 -1\n",
    ),
    program(
        "flushes_the_disks",
        "has the kernel write all disks of the machine, which stops others meanwhile",
        """
        os.sync()
        # The kernel would refuse the descriptor, but never sees the call.
        print(libc.syncfs(-1))
        """,
        given=LIBC,
        stdout=b"0\n",
    ),
    program(
        "coarsens_its_timers",
        "lets its timers, and those of processes around it, expire late",
        """
        print(libc.prctl(29, 10**12, 0, 0, 0))
        for pid in (1, os.getppid()):
            try:
                with open(f'/proc/{pid}/timerslack_ns', 'w') as file:
                    file.write('1000000000')
                print('WROTE')
            except OSError:
                pass
        """,
        given=LIBC,
        stdout=b"0\n",
        look="""
        import time
        start = time.monotonic()
        time.sleep(0.01)
        print(open('/proc/self/timerslack_ns').read().strip(), time.monotonic() - start < 0.9)
        """,
        found=b"50000 True\n",
    ),
    program(
        "offers_others_to_the_kernel",
        "makes itself the last and others the first that the kernel kills when memory runs out",
        """
        import os
        for pid, score in (('self', -1000), (1, 1000), (os.getppid(), 1000)):
            try:
                with open(f'/proc/{pid}/oom_score_adj', 'w') as file:
                    file.write(str(score))
                print('WROTE', score)
            except OSError:
                pass
        print('done')
        """,
        stdout=b"done\n",
    ),
    program(
        "raises_its_stack",
        "takes as large a stack as there is, and fills it",
        """
        import resource, sys
        resource.setrlimit(resource.RLIMIT_STACK, (-1, -1))
        sys.setrecursionlimit(10**9)
        class A:
            def __repr__(self): return repr(self)
        repr(A())
        """,
        # It depends on the kernel's layout of memory how large a stack can become.
        Verdict.CRASH,
        Verdict.MEMORY,
        Verdict.TIMEOUT,
        limits=SPINS,
    ),
    program(
        "raises_its_data",
        "asks for a large stack, which raises its limit on data, and fills memory",
        """
        import threading
        threading.stack_size(1 << 27)
        data = []
        while True: data.append(bytearray(b'x' * (1 << 20)))
        """,
        Verdict.MEMORY,
    ),
)
