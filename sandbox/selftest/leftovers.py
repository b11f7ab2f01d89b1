"""Leftovers: programs that leave something for the next execution; after each, another program looks for it."""

from __future__ import annotations

from sandbox.selftest.hostile import LIBC, Hostile, program

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "leaves_files",
        "leaves files and directories for the next program",
        """
        import os
        for top in ('/tmp', '/dev/shm', '/var/tmp', '/run', '/dev/mqueue', '.'):
            try:
                with open(os.path.join(top, '.hostile'), 'w') as file:
                    file.write('LEAK')
                os.mkdir(os.path.join(top, 'hostile'))
            except OSError:
                pass
        """,
        look="""
        import os
        print([top for top in ('/tmp', '/dev/shm', '/var/tmp', '/run', '/dev/mqueue', '.', '/dev')
               if os.path.isdir(top) and any('hostile' in name for name in os.listdir(top))])
        """,
        found=b"[]\n",
    ),
    program(
        "leaves_modules",
        "leaves modules where the next program, or an interpreter it starts, imports from",
        """
        import os
        directory = '/tmp/.local/lib/python3.%d/site-packages' % __import__('sys').version_info[1]
        os.makedirs(directory)
        for path in ('/tmp/json.py', '/tmp/shlex.py', '/tmp/sitecustomize.py', directory + '/usercustomize.py'):
            with open(path, 'w') as file:
                file.write("print('LEAK')")
        """,
        look="""
        import json, shlex, subprocess, sys
        subprocess.run([sys.executable, '-c', 'import sys'])
        print('LEAK' in dir(json))
        """,
        found=b"False\n",
    ),
    program(
        "leaves_its_environment",
        "changes variables, directory, file mode mask, priority, limits, signals, timers and time zone",
        """
        import locale, os, resource, signal, sys, time
        os.environ.update(TZ='Pacific/Kiritimati', LEAK='1', PATH='/tmp')
        os.environ['TZ'] = 'XXX+11'
        time.tzset()
        os.chdir('/dev')
        os.umask(0o777)
        os.nice(5)
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        signal.alarm(1)
        sys.path.insert(0, 'LEAK')
        sys.setrecursionlimit(500)
        """,
        look="""
        import os, resource, signal, sys, time
        mask = os.umask(0)
        print('LEAK' in os.environ, time.timezone, time.tzname, os.getcwd(), oct(mask),
              os.nice(0) == os.getpriority(os.PRIO_PROCESS, 1), resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 20,
              signal.getsignal(signal.SIGTERM) == signal.SIG_DFL,
              signal.pthread_sigmask(signal.SIG_BLOCK, []), signal.alarm(0), 'LEAK' in sys.path,
              sys.getrecursionlimit() == 500)
        """,
        found=b"False 0 ('UTC', 'UTC') /tmp 0o22 True True True set() 0 False False\n",
    ),
    program(
        "leaves_marks_on_directories",
        "leaves a message in the times, modes and attributes of the directories that programs may write to",
        """
        import os
        for path in ('/tmp', '/dev/shm'):
            for mark in (lambda: os.utime(path, (12345, 12345)), lambda: os.chmod(path, 0o1757),
                         lambda: os.setxattr(path, 'user.leak', b'LEAK'), lambda: os.chmod(path, 0o3777)):
                try:
                    mark()
                except OSError:
                    pass
        """,
        look="""
        import os
        for path in ('/tmp', '/dev/shm'):
            status = os.stat(path)
            try:
                attributes = [name for name in os.listxattr(path) if 'leak' in name]
            except OSError:
                attributes = []
            print(int(status.st_mtime) == 12345, oct(status.st_mode & 0o7777), attributes)
        """,
        found=b"False 0o1777 []\n" * 2,
    ),
    program(
        "leaves_system_v_objects",
        "leaves shared memory, semaphores and message queues of System V",
        """
        libc.shmget(77, 1 << 20, 0o1666)
        libc.semget(77, 1, 0o1666)
        libc.msgget(77, 0o1666)
        libc.shmget(0, 1 << 20, 0o1666)
        """,
        given=LIBC,
        look="""
        import ctypes
        libc = ctypes.CDLL(None)
        print(libc.shmget(77, 0, 0), libc.semget(77, 0, 0), libc.msgget(77, 0))
        print([len(open(f'/proc/sysvipc/{name}').readlines()) for name in ('shm', 'sem', 'msg')])
        """,
        found=b"-1 -1 -1\n[1, 1, 1]\n",
    ),
    program(
        "leaves_message_queues",
        "leaves POSIX message queues and semaphores",
        """
        rt = ctypes.CDLL('librt.so.1')
        rt.mq_open(b'/hostile', os.O_CREAT | os.O_RDWR, 0o666, None)
        libc.syscall(240 if os.uname().machine == 'x86_64' else 180, b'hostile', os.O_CREAT | os.O_RDWR, 0o666, None)
        libc.sem_open(b'/hostile', os.O_CREAT, 0o666, 1)
        """,
        given=LIBC,
        look="""
        import ctypes, os
        rt, libc = ctypes.CDLL('librt.so.1'), ctypes.CDLL(None)
        libc.sem_open.restype = ctypes.c_void_p
        print(rt.mq_open(b'/hostile', os.O_RDWR), libc.sem_open(b'/hostile', 0))
        """,
        found=b"-1 None\n",
    ),
    program(
        "leaves_keys",
        "leaves keys in the key rings of session, process, user and user's session",
        """
        x86 = os.uname().machine == 'x86_64'
        add, keyctl = (248, 250) if x86 else (217, 219)
        libc.syscall(keyctl, 1, b'hostile')
        for ring in (-1, -2, -3, -4, -5):
            libc.syscall(add, b'user', b'hostile', b'leak', 4, ring)
        """,
        given=LIBC,
        look="""
        import ctypes, os
        number = 249 if os.uname().machine == 'x86_64' else 218
        print(ctypes.CDLL(None).syscall(number, b'user', b'hostile', 0, 0), 'hostile' in open('/proc/keys').read())
        """,
        found=b"-1 False\n",
    ),
    program(
        "leaves_a_server",
        "leaves a process that serves abstract, local and network sockets",
        """
        import os, socket, sys, time
        ready, done = os.pipe()
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                servers = []
                for family, address in ((socket.AF_UNIX, '\\0hostile'), (socket.AF_UNIX, '/tmp/hostile'),
                                        (socket.AF_INET, ('127.0.0.1', 7777))):
                    server = socket.socket(family)
                    try:
                        server.bind(address)
                        server.listen()
                        servers.append(server)
                    except OSError:
                        pass
                os.write(done, b'x')
                time.sleep(60)
            os._exit(0)
        os.read(ready, 1)
        print('left')
        """,
        stdout=b"left\n",
        look="""
        import socket
        for family, address in ((socket.AF_UNIX, '\\0hostile'), (socket.AF_UNIX, '/tmp/hostile'),
                                (socket.AF_INET, ('127.0.0.1', 7777))):
            with socket.socket(family) as s:
                s.settimeout(0.5)
                try:
                    s.connect(address)
                    print('CONNECTED', address)
                except OSError:
                    pass
        print('done')
        """,
        found=b"done\n",
    ),
    program(
        "leaves_a_spy",
        "leaves processes that wait for the next program, to write to its standard input and output",
        """
        import os, time
        me = os.getpid()
        for _ in range(4):
            if os.fork() == 0:
                os.setsid()
                while True:
                    for pid in os.listdir('/proc'):
                        if pid.isdigit() and int(pid) > me + 10:
                            for name in ('fd/0', 'fd/1'):
                                try:
                                    with open(f'/proc/{pid}/{name}', 'r+b', 0) as file:
                                        file.write(b'EVIL')
                                except OSError:
                                    pass
        time.sleep(0.02)
        print('left')
        """,
        stdout=b"left\n",
        look="""
        import os, time
        time.sleep(0.05)
        print(len([pid for pid in os.listdir('/proc') if pid.isdigit()]) <= 4)
        """,
        found=b"True\n",
    ),
    program(
        "leaves_memory",
        "fills memory with a message and ends; the next program looks for the message in fresh pages",
        """
        data = b'LEFT_FOR_' + b'THE_NEXT'
        pages = [data * 1000 for _ in range(1000)]
        """,
        look="""
        import mmap
        area = mmap.mmap(-1, 32 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        print(area.find(bytes([76, 69, 70, 84, 95, 70])), bytearray(8 << 20).count(0) == 8 << 20)
        """,
        found=b"-1 True\n",
    ),
    program(
        "leaves_patches",
        "replaces built-in functions, modules and classes of the interpreter it was forked from",
        """
        import builtins, collections, math, sys
        builtins.print = builtins.len = builtins.input = None
        math.pi = 3
        collections.Counter.most_common = None
        sys.modules['json'] = None
        sys.stdout = sys.__stdout__ = None
        for name in list(sys.modules):
            if name not in ('sys', 'builtins'):
                sys.modules[name] = None
        """,
        look="""
        import collections, json, math
        print(math.pi > 3, collections.Counter('aab').most_common(1), len(json.dumps([])), input())
        """,
        found=b"True [('a', 2)] 2 look\n",
    ),
)
