"""The host: programs that try to learn about it, or to change it."""

from __future__ import annotations

from sandbox.selftest.hostile import LIBC, Hostile, program, refused

CANARY = "cure-agent-selftest"
"""Part of the names of a directory and a socket on the host, and value of a variable there, that no program may see."""

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "environment",
        "looks for keys and for the host's variables in its own environment and in those of all other processes",
        f"""
        import os
        seen = set(os.environ)
        for pid in os.listdir('/proc'):
            if pid.isdigit():
                try:
                    with open(f'/proc/{{pid}}/environ') as file:
                        seen |= {{pair.split('=')[0] for pair in file.read().split('\\0') if pair}}
                except OSError:
                    pass
        print(sorted(seen - {{'PATH', 'LANG', 'HOME', 'PYTHONHASHSEED', 'HOSTNAME', 'PWD', 'LC_CTYPE',
                         'PYTHONPATH', 'OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS'}}),
              any({CANARY!r} in value for value in os.environ.values()))
        """,
        stdout=b"[] False\n",
    ),
    program(
        "time_zone",
        "looks for the host's time zone in variables, clock and files",
        """
        import os, time
        print('TZ' in os.environ, time.tzname, time.timezone, time.localtime(0)[:5])
        """,
        stdout=b"False ('UTC', 'UTC') 0 (1970, 1, 1, 0, 0)\n",
    ),
    program(
        "looks_for_the_host",
        "looks for homes, keys, sockets and files of the self-test in the places where a host has them",
        f"""
        import os
        found = []
        for path in ('/home', '/root', '/srv', '/mnt', '/media', '/opt/venv', '/host', '/rootfs', '/var/lib/docker',
                     '/run/docker.sock', '/var/run/docker.sock', '/run/containerd', '/run/user', '/run/systemd',
                     '/run/dbus', '/etc/ssh', '/etc/machine-id', '/root/.ssh', '/var/log/syslog',
                     '/var/spool/cron/crontabs',
                     '/run/secrets'):
            try:
                if not os.path.isdir(path) or os.listdir(path):
                    os.stat(path)
                    found.append(path)
            except OSError:
                pass
        for path in ('/etc/shadow', '/etc/gshadow', '/etc/sudoers'):
            if os.access(path, os.R_OK):
                found.append(path)
        for path in ('/tmp', '/var/tmp', '/dev/shm', '/run', '/'):
            if os.path.isdir(path) and any({CANARY!r} in name for name in os.listdir(path)):
                found.append('CANARY in ' + path)
        print(found)
        """,
        stdout=b"[]\n",
    ),
    program(
        "devices",
        "looks for devices beyond the harmless ones, and makes its own",
        """
        import os, stat
        harmless = {'null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'console'}
        found = []
        for directory, _, names in os.walk('/dev'):
            for name in names:
                mode = os.lstat(os.path.join(directory, name)).st_mode
                if (stat.S_ISBLK(mode) or stat.S_ISCHR(mode)) and name not in harmless:
                    found.append(name)
        for kind, number in ((stat.S_IFCHR, os.makedev(1, 1)), (stat.S_IFBLK, os.makedev(8, 0))):
            try:
                os.mknod('/tmp/hostile', kind | 0o666, number)
                found.append('MADE')
            except OSError:
                pass
        try:
            os.chmod('/dev/null', 0o666)
            found.append('OWNED')
        except OSError:
            pass
        print(found)
        """,
        stdout=b"[]\n",
    ),
    refused(
        "terminal",
        "opens the terminal of whoever started the sandbox and types into it",
        """
        import fcntl, os
        for path in ('/dev/tty', '/dev/console', '/dev/tty0', '/dev/tty1', '/dev/ttyS0'):
            try:
                fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
                print('OPENED', path)
                fcntl.ioctl(fd, 0x5412, b' ')
            except OSError:
                pass
        """,
    ),
    program(
        "kernel_log",
        "reads the kernel's log",
        """
        print(libc.klogctl(3, ctypes.create_string_buffer(4096), 4096), libc.klogctl(10, 0, 0))
        for path in ('/dev/kmsg', '/proc/kmsg'):
            try:
                open(path, 'rb').close()
                print('OPENED', path)
            except OSError:
                pass
        """,
        given=LIBC,
        stdout=b"-1 -1\n",
    ),
    program(
        "kernel_memory",
        "reads the kernel's memory, addresses and timers",
        """
        for path in ('/proc/kcore', '/dev/mem', '/dev/kmem', '/dev/port', '/proc/timer_list', '/proc/sched_debug',
                     '/proc/vmallocinfo', '/proc/slabinfo', '/proc/kpagecount', '/proc/iomem'):
            try:
                with open(path, 'rb') as file:
                    data = file.read(4096)
                if data.strip() and not all(b'00000000-00000000' in line for line in data.splitlines()):
                    print('READ', path)
            except OSError:
                pass
        with open('/proc/kallsyms') as file:
            print({line.split()[0].strip('0') for line in file.read(4096).splitlines()})
        """,
        stdout=b"{''}\n",
    ),
    program(
        "proc_keys",
        "looks for keys of others in the kernel's key rings, and adds its own",
        """
        x86 = os.uname().machine == 'x86_64'
        add, keyctl = (248, 250) if x86 else (217, 219)
        print(libc.syscall(add, b'user', b'hostile', b'leak', 4, -4), libc.syscall(keyctl, 0, -4, 1))
        print(open('/proc/keys').read())
        """,
        given=LIBC,
        stdout=b"-1 -1\n\n",
    ),
    program(
        "kernel_settings",
        "opens the kernel's settings for writing",
        """
        import os
        opened = []
        for path in ('/proc/sysrq-trigger', '/proc/irq/default_smp_affinity', '/proc/self/loginuid', '/proc/mtrr'):
            try:
                open(path, 'r+b', 0).close()
                opened.append(path)
            except OSError:
                pass
        for directory, _, names in os.walk('/proc/sys'):
            for name in names:
                try:
                    os.close(os.open(os.path.join(directory, name), os.O_WRONLY))
                    opened.append(os.path.join(directory, name))
                except OSError:
                    pass
        print([path for path in opened if path != '/proc/self/loginuid'])
        """,
        stdout=b"[]\n",
    ),
    program(
        "control_groups",
        "opens control groups and kernel objects in /sys for writing",
        """
        import os
        opened = []
        for top in ('/sys/fs/cgroup', '/sys/kernel', '/sys/power', '/sys/module/kernel'):
            for directory, names, files in os.walk(top):
                del names[8:]
                for name in files[:64]:
                    try:
                        os.close(os.open(os.path.join(directory, name), os.O_WRONLY))
                        opened.append(os.path.join(directory, name))
                    except OSError:
                        pass
                try:
                    os.mkdir(os.path.join(directory, 'hostile'))
                    opened.append(directory)
                except OSError:
                    pass
        print(opened)
        """,
        stdout=b"[]\n",
    ),
    refused(
        "core_pattern",
        "opens for writing the kernel settings that name programs which the kernel starts on the host",
        """
        for path in ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/modprobe', '/proc/sys/fs/binfmt_misc/register',
                     '/sys/kernel/uevent_helper', '/proc/sys/vm/panic_on_oom'):
            attempt(open, path, 'w')
        """,
    ),
)
