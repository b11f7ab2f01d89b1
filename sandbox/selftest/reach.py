"""Reach: programs that try to get at the runner, its channel to the host, and inputs of other executions."""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import FRAME, LIBC, PROCESSES, SECRET, SHIFTED, Hostile, forged_frame, program, refused

OK, CRASH = Verdict.OK, Verdict.CRASH


def _fills(name: str, what: str, byte: int, *verdicts: Verdict) -> Hostile:
    text = f"""
        import ctypes
        for line in list(open('/proc/self/maps')):
            span, mode = line.split()[:2]
            if mode.startswith('rw') and mode.endswith('s'):
                low, high = (int(x, 16) for x in span.split('-'))
                ctypes.memset(low, {byte}, high - low)
        raise ValueError
    """
    return program(name, f"fills all memory it shares with the runner with {what}, then fails", text, *verdicts)


PROGRAMS: tuple[Hostile, ...] = (
    refused(
        "writes_to_every_descriptor",
        "writes a forged result to every descriptor it may have inherited",
        """
        import os
        for fd in range(3, 4096):
            attempt(os.write, fd, frame)
        """,
        given=FRAME,
    ),
    program(
        "lists_its_descriptors",
        "looks for descriptors beyond its three streams",
        """
        import os
        directory = os.open('/proc/self/fd', os.O_RDONLY)
        print(sorted({int(name) for name in os.listdir(directory)} - {directory, os.dup(0)}))
        """,
        stdout=b"[0, 1, 2]\n",
    ),
    program(
        "opens_descriptors_of_others",
        "opens the descriptors of all other processes and writes a forged result to them",
        """
        forged = 0
        for pid in {*pids, 1, os.getppid()}:
            for fd in range(64):
                try:
                    with open(f'/proc/{pid}/fd/{fd}', 'wb', 0) as file:
                        file.write(frame)
                    forged += 1
                except OSError:
                    pass
        print('forged', forged)
        """,
        given=FRAME + PROCESSES,
        stdout=b"forged 0\n",
    ),
    program(
        "steals_descriptors",
        "copies descriptors of the runner with pidfd_getfd",
        """
        stolen = 0
        for pid in {1, os.getppid()}:
            try:
                process = os.pidfd_open(pid)
            except OSError:
                continue
            stolen += sum(libc.syscall(438, process, fd, 0) >= 0 for fd in range(64))
        print('stolen', stolen)
        """,
        given=LIBC,
        stdout=b"stolen 0\n",
    ),
    program(
        "prints_a_frame",
        "prints a forged result",
        "import sys\nsys.stdout.buffer.write(frame)",
        given=FRAME,
        stdout=forged_frame(),
    ),
    program(
        "prints_a_stream_header",
        "prints what Docker puts before a chunk of output",
        "import sys\nsys.stdout.buffer.write(b'\\1\\0\\0\\0\\0\\0\\0\\4PWN\\n' + frame)",
        given=FRAME,
        stdout=b"\1\0\0\0\0\0\0\4PWN\n" + forged_frame(),
    ),
    refused(
        "reads_the_runner",
        "reads the memory and environment of the runner and of its parent",
        """
        for pid in sorted({1, os.getppid()}):
            for name in ('mem', 'maps', 'environ', 'auxv', 'syscall', 'stack'):
                try:
                    with open(f'/proc/{pid}/{name}', 'rb') as file:
                        file.read(1)
                    print('READ', pid, name)
                except OSError:
                    pass
        """,
        given=PROCESSES,
    ),
    refused(
        "writes_the_runner",
        "opens the memory and settings of the runner and of its parent for writing",
        """
        for pid in sorted({1, os.getppid()}):
            for name in ('mem', 'oom_score_adj', 'oom_adj', 'coredump_filter', 'uid_map', 'comm', 'clear_refs',
                         'autogroup', 'sched', 'setgroups', 'projid_map'):
                attempt(open, f'/proc/{pid}/{name}', 'r+b', 0)
            for name in ('timerslack_ns', 'attr/current'):
                try:
                    with open(f'/proc/{pid}/{name}', 'r+b', 0) as file:
                        file.write(b'50000')
                    print('WROTE', pid, name)
                except OSError:
                    pass
        """,
        given=PROCESSES,
    ),
    refused(
        "looks_through_process_1",
        "reaches the runner's files through /proc/1: root, cwd, exe, fd, namespaces",
        """
        import os
        for path in ('root', 'root/proc', 'cwd', 'fd', 'fdinfo', 'map_files', 'task/1/fd', 'task/1/root', 'task/1/cwd'):
            try:
                print('LISTED', path, os.listdir(f'/proc/1/{path}'))
            except OSError:
                pass
        for path in ('root', 'cwd', 'exe', 'fd/0', 'fd/1', 'ns/pid', 'ns/user', 'ns/mnt'):
            try:
                print('FOLLOWED', path, os.readlink(f'/proc/1/{path}'))
            except OSError:
                pass
        """,
    ),
    program(
        "traces_the_runner",
        "attaches to the runner and to its parent as a debugger",
        """
        for pid in (1, os.getppid()):
            for request in (16, 0x4206):
                print(libc.ptrace(request, pid, 0, 0))
        """,
        given=LIBC,
        stdout=b"-1\n" * 4,
    ),
    program(
        "copies_memory_of_the_runner",
        "reads and writes the runner's memory with process_vm_readv, process_vm_writev and process_madvise",
        """
        x86 = os.uname().machine == 'x86_64'
        data = ctypes.create_string_buffer(64)
        vector = (ctypes.c_void_p * 2)(ctypes.addressof(data), 64)
        for number in ((310, 311) if x86 else (270, 271)):
            print(libc.syscall(number, 1, vector, 1, vector, 1, 0))
        print(libc.syscall(440, os.pidfd_open(1), vector, 1, 21, 0))
        """,
        given=LIBC,
        stdout=b"-1\n" * 3,
    ),
    refused(
        "limits_the_runner",
        "takes open files, CPU time, file size, memory and processes from the runner with prlimit",
        """
        import os, resource
        for pid in {1, os.getppid()}:
            for name in ('NOFILE', 'FSIZE', 'AS', 'DATA', 'NPROC', 'CPU'):
                attempt(resource.prlimit, pid, getattr(resource, 'RLIMIT_' + name), (1, 1))
        """,
    ),
    refused(
        "slows_the_runner",
        "makes the runner nice, idle and bound to one core",
        """
        import os
        for change in (lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19), lambda pid: os.sched_setaffinity(pid, {0}),
                       lambda pid: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0))):
            for pid in {1, os.getppid()}:
                attempt(change, pid)
        """,
    ),
    program(
        "slows_its_user",
        "makes every process of its user and of its group nice",
        """
        import os
        for which in (os.PRIO_USER, os.PRIO_PGRP):
            try:
                os.setpriority(which, 0, 19)
            except OSError:
                pass
        print('done', os.getpriority(os.PRIO_PROCESS, 1) < 19)
        """,
        stdout=b"done True\n",
    ),
    program(
        "searches_memory_for_other_inputs",
        "searches its own memory for the inputs of other executions",
        """
        shift = bytes(n + 1 & 255 for n in range(256))
        hits = 0
        own = os.read(0, 100).translate(shift).startswith(shifted)
        with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:
            for line in list(maps):
                span, mode = line.split()[:2]
                if mode[0] != 'r' or '[v' in line:
                    continue
                low, high = (int(x, 16) for x in span.split('-'))
                try:
                    memory.seek(low)
                    hits += memory.read(min(high - low, 1 << 24)).translate(shift).count(shifted)
                except (OSError, OverflowError):
                    continue
        print('hits', 0 if own else hits)
        """,
        given=f"import os\nshifted = {SHIFTED!r}\n",
        inputs=(b"1\n", SECRET + b" 2\n", b"3\n", SECRET * 1000, b"4\n"),
        needs_all_inputs=True,
        stdout=b"hits 0\n",
    ),
    program(
        "looks_for_results_in_frames",
        "walks the frames below its own in search of expected outputs and results",
        """
        import sys
        frame, names = sys._getframe(), set()
        while frame:
            names |= set(frame.f_locals) | set(frame.f_globals)
            frame = frame.f_back
        print(names & {'gt_out', 'expected', 'output_queue', 'details', 'stat', 'expected_output', 'inputs'})
        """,
        stdout=b"set()\n",
    ),
    program(
        "calls_the_runner_in_frames",
        "calls everything callable without arguments on the objects it finds in the frames below its own",
        """
        import os, sys
        parent, frame = os.getpid(), sys._getframe().f_back
        while frame:
            for thing in list(frame.f_locals.values()):
                for name in dir(thing) if type(thing).__module__.startswith('sandbox') else ():
                    try:
                        getattr(thing, name)()
                    except BaseException:
                        pass
            frame = frame.f_back
        if os.getpid() == parent:
            sys.stdout.flush()
            os._exit(3)
        """,
        # The methods called may end the program by exit status or signal, but must not make another execution fail.
        CRASH,
    ),
    _fills("overwrites_the_report", "zeros", 0, CRASH),
    # Only the report in shared memory says that a program ended with a MemoryError, so a program can claim that it did.
    _fills("forges_the_report", "twos", 2, CRASH, Verdict.MEMORY),
)
