"""Privileges: programs that try to become root, lift limits, or use system calls of administrators and exploits."""

from __future__ import annotations

from sandbox.selftest.hostile import LIBC, Hostile, program

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "raises_its_limits",
        "lifts its limits",
        """
        import resource
        for name in ('CPU', 'DATA', 'AS', 'FSIZE', 'NPROC', 'NOFILE', 'CORE', 'MEMLOCK', 'MSGQUEUE', 'SIGPENDING'):
            try:
                resource.setrlimit(getattr(resource, 'RLIMIT_' + name, 12), (-1, -1))
                print('RAISED', name)
            except (OSError, ValueError):
                pass
        print('end')
        """,
        stdout=b"end\n",
    ),
    program(
        "becomes_root",
        "changes its user and group to root, and looks for capabilities",
        """
        import os
        for change in (lambda: os.setuid(0), lambda: os.setresuid(0, 0, 0), lambda: os.setgid(0),
                       lambda: os.setresgid(0, 0, 0), lambda: os.setgroups([0])):
            try:
                change()
                print('CHANGED')
            except OSError:
                pass
        print(os.getuid() > 0, os.getgid() > 0, 0 in os.getgroups())
        print({line.split()[1] for line in open('/proc/self/status')
               if line[:6] in ('CapInh', 'CapPrm', 'CapEff', 'CapAmb')})
        """,
        stdout=b"True True False\n{'0000000000000000'}\n",
    ),
    program(
        "regains_privileges",
        "looks whether programs it starts may gain privileges, and lifts the filter of system calls",
        """
        import subprocess, sys
        ask = "print([l.split()[1] for l in open('/proc/self/status') if l.startswith(('NoNewPrivs', 'Seccomp:'))])"
        print(subprocess.run([sys.executable, '-c', ask], capture_output=True, text=True).stdout, end='')
        print(libc.prctl(38, 0, 0, 0, 0), libc.prctl(22, 0, 0, 0, 0))
        """,
        given=LIBC,
        stdout=b"['1', '2']\n-1 -1\n",
    ),
    program(
        "makes_a_setuid_program",
        "makes and runs a program with the set-user-id bit",
        """
        import os, subprocess
        with open('/tmp/hostile', 'w') as file:
            file.write('#!/bin/sh\\nread -r _ uid _ < /proc/self/status; exec 3< /proc/self/status; '
                       'while read -r key _ uid _ <&3; do [ "$key" = Uid: ] && echo $uid; done')
        os.chmod('/tmp/hostile', 0o6755)
        try:
            uid = int(subprocess.run(['/tmp/hostile'], capture_output=True).stdout)
            print(uid == os.getuid())
        except OSError:
            print(True)
        """,
        stdout=b"True\n",
    ),
    program(
        "nicer_to_itself",
        "takes a higher priority, and real-time scheduling",
        """
        import os
        for change in (lambda: os.nice(-20), lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50)),
                       lambda: os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))):
            try:
                change()
                print('CHANGED')
            except OSError:
                pass
        print('end')
        """,
        stdout=b"end\n",
    ),
    program(
        "unshares",
        "makes namespaces of its own: user, mount, process, network, IPC, host name, control group, time",
        """
        print([libc.unshare(flag) for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000, 0x8000000, 0x4000000,
                                               0x2000000, 0x80)])
        """,
        given=LIBC,
        stdout=b"[-1, -1, -1, -1, -1, -1, -1, -1]\n",
    ),
    program(
        "clones_into_namespaces",
        "makes children in namespaces of their own with clone and clone3",
        """
        import struct
        x86 = os.uname().machine == 'x86_64'
        for flag in (0x10000000, 0x10020000, 0x20000000, 0x40000000):
            pid = libc.syscall(56 if x86 else 220, flag | 17, 0, 0, 0, 0)
            if pid == 0:
                os._exit(0)
            arguments = ctypes.create_string_buffer(struct.pack('<11Q', flag, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0))
            pid3 = libc.syscall(435, arguments, 88)
            if pid3 == 0:
                os._exit(0)
            print(pid, pid3)
        """,
        given=LIBC,
        stdout=b"-1 -1\n" * 4,
    ),
    program(
        "enters_namespaces",
        "enters the namespaces of the runner",
        """
        entered = 0
        for name in ('user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'):
            for pid in (1, os.getppid(), 'self'):
                try:
                    entered += libc.setns(os.open(f'/proc/{pid}/ns/{name}', os.O_RDONLY), 0) == 0
                except OSError:
                    pass
        print(entered, libc.setns(os.pidfd_open(1), 0x20000))
        """,
        given=LIBC,
        stdout=b"0 -1\n",
    ),
    program(
        "mounts",
        "mounts, unmounts and changes the root directory",
        """
        print(libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0), libc.mount(b'/', b'/tmp', 0, 4096, 0),
              libc.mount(0, b'/', 0, 4096 | 32, 0), libc.umount2(b'/proc', 2), libc.chroot(b'/tmp'),
              libc.syscall(155 if os.uname().machine == 'x86_64' else 41, b'/tmp', b'/tmp'),
              libc.syscall(428, -100, b'/', 1), libc.syscall(430, b'tmpfs', 0), libc.syscall(442, -100, b'/', 0, 0, 0))
        """,
        given=LIBC,
        stdout=b"-1 -1 -1 -1 -1 -1 -1 -1 -1\n",
    ),
    program(
        "calls_of_exploits",
        "makes the system calls of kernel exploits: bpf, perf events, user faults, io_uring, handles, modules",
        """
        x86 = os.uname().machine == 'x86_64'
        calls = (321, 298, 323, 304, 246, 175, 313, 312) if x86 else (280, 241, 282, 265, 104, 105, 273, 272)
        buffer = ctypes.create_string_buffer(256)
        print([libc.syscall(number, 0, buffer, 128, 0, 0) for number in (*calls, 425, 426, 427)])
        """,
        given=LIBC,
        stdout=b"[-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1]\n",
    ),
    program(
        "changes_the_machine",
        "sets clock, host name and accounting, and switches off Ctrl-Alt-Del",
        """
        import os, time
        changed = []
        for name, change in (('clock', lambda: time.clock_settime(time.CLOCK_REALTIME, time.time())),
                             ('host name', lambda: libc.sethostname(b'hostile', 7) + 1 or 1 / 0),
                             ('domain', lambda: libc.setdomainname(b'hostile', 7) + 1 or 1 / 0),
                             ('accounting', lambda: libc.acct(0) + 1 or 1 / 0),
                             ('reboot', lambda: libc.reboot(0) + 1 or 1 / 0),
                             ('swap', lambda: libc.swapoff(b'/tmp/none') + 1 or 1 / 0)):
            try:
                change()
                changed.append(name)
            except (OSError, ZeroDivisionError):
                pass
        print(changed, os.uname().nodename)
        """,
        given=LIBC,
        stdout=b"[] sandbox\n",
    ),
    program(
        "uses_other_system_calls",
        "makes system calls by the numbers of other architectures, which a filter may have forgotten",
        "print([libc.syscall(0x40000000 + number, 0, 0, 0, 0) for number in (39, 165, 272, 521, 540)])",
        given=LIBC,
        stdout=b"[-1, -1, -1, -1, -1]\n",
    ),
)
