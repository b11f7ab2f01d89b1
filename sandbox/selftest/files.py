"""Files: programs that write where they may not, fill all space, or leave files that are hard to remove."""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import LIBC, SPINS, Hostile, program, refused

OK, CRASH, TIMEOUT, MEMORY = Verdict.OK, Verdict.CRASH, Verdict.TIMEOUT, Verdict.MEMORY

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "writes_outside_tmp",
        "makes files in every directory but those for programs",
        """
        import os
        written = []
        for top in ('/', '/etc', '/usr', '/usr/lib', '/usr/bin', '/bin', '/lib', '/var', '/var/tmp', '/dev', '/dev/pts',
                    '/dev/mqueue', '/run', '/run/lock', '/sys/fs/cgroup', '/home',
                    '/root', '/opt', '/proc', '/proc/self'):
            path = os.path.join(top, 'hostile')
            for make in (lambda: open(path, 'w').close(), lambda: os.mkdir(path), lambda: os.symlink('/tmp', path)):
                try:
                    make()
                    written.append(path)
                except OSError:
                    pass
        print(written)
        """,
        stdout=b"[]\n",
    ),
    program(
        "changes_the_library",
        "writes to, truncates, renames and removes the runner's interpreter and standard library",
        """
        import json, os, sys
        changed = []
        for path in (os.__file__, json.__file__, json.__cached__ or '/', os.path.realpath(sys.executable), '/bin/sh',
                     os.path.dirname(os.__file__), '/etc/passwd'):
            for change in (lambda: os.close(os.open(path, os.O_WRONLY)),
                           lambda: os.truncate(path, os.stat(path).st_size),
                           lambda: os.rename(path, path + '.hostile'), lambda: os.unlink(path),
                           lambda: os.chmod(path, 0o755),
                           lambda: os.utime(path), lambda: os.link(path, '/tmp/hostile'),
                           lambda: os.setxattr(path, 'user.hostile', b'x'), lambda: os.chown(path, os.getuid(), -1)):
                try:
                    change()
                    changed.append(path)
                except OSError:
                    pass
        print(changed)
        """,
        stdout=b"[]\n",
    ),
    refused(
        "overwrites_the_interpreter",
        "opens the running interpreter for writing through /proc, as container escapes do",
        """
        import os
        for path in ('/proc/self/exe', '/proc/1/exe', f'/proc/{os.getppid()}/exe', '/proc/self/root/usr/lib',
                     '/proc/self/cwd/../usr'):
            for flags in (os.O_WRONLY, os.O_RDWR | os.O_TRUNC, os.O_WRONLY | os.O_CREAT | os.O_APPEND):
                attempt(os.open, path, flags)
        """,
    ),
    program(
        "fills_a_file",
        "writes to one file for ever",
        """
        n = 0
        try:
            with open('/tmp/hostile', 'wb', 0) as file:
                while True:
                    n += file.write(bytes(65536))
        except OSError as error:
            print(error.errno, n)
        """,
        stdout=b"27 1048576\n",
    ),
    program(
        "fills_tmp",
        "fills the directory for temporary files",
        """
        n = 0
        try:
            for i in range(64):
                with open(f'/tmp/hostile{i}', 'wb', 0) as file:
                    for _ in range(15):
                        n += file.write(bytes(65536))
        except OSError as error:
            print(error.errno, n)
        """,
        stdout=b"28 16777216\n",
    ),
    program(
        "fills_shared_memory",
        "fills the directory for shared memory",
        """
        n = 0
        try:
            for i in range(64):
                with open(f'/dev/shm/hostile{i}', 'wb', 0) as file:
                    for _ in range(15):
                        n += file.write(bytes(65536))
        except OSError as error:
            print(error.errno, n)
        """,
        stdout=b"28 8388608\n",
    ),
    program(
        "many_files",
        "makes a hundred thousand empty files",
        """
        for i in range(100_000):
            try:
                open(f'/tmp/hostile{i}', 'w').close()
            except OSError:
                break
        """,
        # Docker's tmpfs limits the number of files. Bubblewrap's does not, so that the program runs out of time or, on
        # a fast machine, out of memory, since the entries of the files take memory.
        OK,
        TIMEOUT,
        MEMORY,
        limits=SPINS,
    ),
    refused(
        "sparse_files",
        "makes files that look larger than any disk, and reserves space beyond their end",
        """
        libc.fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
        for path in ('/tmp/hostile', '/dev/shm/hostile'):
            fd = os.open(path, os.O_RDWR | os.O_CREAT)
            for size in (1 << 40, 1 << 30, 1 << 22):
                attempt(os.ftruncate, fd, size)
                for mode in (0, 1):
                    if libc.fallocate(fd, mode, 0, size) == 0:
                        print('RESERVED', size)
        """,
        given=LIBC,
    ),
    program(
        "undeletable_tree",
        "leaves a directory that nobody may enter",
        """
        import os
        os.makedirs('/tmp/hostile/b')
        open('/tmp/hostile/b/c', 'w').close()
        os.chmod('/tmp/hostile/b', 0)
        os.chmod('/tmp/hostile', 0)
        print('made')
        """,
        stdout=b"made\n",
    ),
    program(
        "deep_tree",
        "leaves a tree too deep for path names",
        """
        import os
        for _ in range(200):
            os.mkdir('d' * 100)
            os.chdir('d' * 100)
        print('made')
        """,
        stdout=b"made\n",
    ),
    program(
        "wide_and_deep_tree",
        "leaves as many nested directories as there is room for",
        """
        import os
        try:
            for _ in range(3000):
                os.mkdir('d')
                open('f', 'w').close()
                os.chdir('d')
        except OSError:
            pass
        print('made')
        """,
        stdout=b"made\n",
    ),
    program(
        "links",
        "leaves links to the root, to the runner, to nowhere and to themselves, which a cleaner must not follow",
        """
        import os
        for name, target in (('root', '/'), ('self', 'self'), ('one', '/proc/1/root'), ('shm', '/dev/shm'),
                             ('up', '..'),
                             ('library', os.path.dirname(os.__file__)), ('null', '/dev/null')):
            os.symlink(target, f'/tmp/hostile-{name}')
        os.mkdir('/tmp/hostile')
        os.symlink('/tmp/hostile', '/tmp/hostile/back')
        open('/dev/shm/hostile', 'w').close()
        os.link('/dev/shm/hostile', '/dev/shm/hostile2')
        print('made')
        """,
        stdout=b"made\n",
    ),
    program(
        "follows_links",
        "reaches through links, and through directories swapped for links, what it may not reach by name",
        """
        import os
        reached = []
        for target in ('/proc/1/root/etc', '/proc/1/cwd', '/proc/self/root/../../..', '/tmp/../../../root',
                       '/proc/1/fd/0',
                       '/proc/self/task/1/root'):
            link = '/tmp/hostile'
            os.symlink(target, link)
            try:
                with open(link + '/hostile', 'w'):
                    reached.append(target)
            except OSError:
                pass
            os.unlink(link)
        print(reached)
        """,
        stdout=b"[]\n",
    ),
    program(
        "odd_names",
        "leaves files whose names are not text, hold line ends, or are as long as names may be",
        """
        import os
        for name in (b'\\xff\\xfe', b'a\\nb', b' ', b'-rf', b'*', b'\\\\', b'$(x)', b'x' * 255, '\\u202e'.encode()):
            os.close(os.open(b'/tmp/' + name, os.O_CREAT | os.O_WRONLY))
            os.mkdir(b'/dev/shm/' + name)
        print('made')
        """,
        stdout=b"made\n",
    ),
    program(
        "odd_files",
        "leaves pipes, sockets and files kept open, locked and mapped",
        """
        import fcntl, mmap, os, socket, time
        os.mkfifo('/tmp/hostile-pipe')
        socket.socket(socket.AF_UNIX).bind('/tmp/hostile-socket')
        file = open('/tmp/hostile-file', 'w+b')
        file.write(bytes(8192))
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        fcntl.lockf(file, fcntl.LOCK_EX)
        shared = mmap.mmap(file.fileno(), 8192)
        if os.fork() == 0:
            os.chdir('/dev/shm')
            time.sleep(60)
        print('made')
        """,
        stdout=b"made\n",
    ),
    refused(
        "locks_the_directories",
        "takes the directories for files away from everyone, itself included",
        """
        import os
        for path in ('/tmp', '/dev/shm'):
            for mode in (0, 0o1000):
                try:
                    os.chmod(path, mode)
                except OSError:
                    pass
        """,
    ),
    refused(
        "removes_the_directories",
        "removes, renames and replaces the directories for files",
        """
        import os
        for path in ('/tmp', '/dev/shm', '/dev/fd', '/dev/stdin'):
            for change in (os.rmdir, os.unlink, lambda path: os.rename(path, path + '2'),
                           lambda path: os.symlink('/', path)):
                attempt(change, path)
        """,
    ),
    refused(
        "unremovable_files",
        "leaves files that may only be appended to, or not changed at all",
        """
        import fcntl, os, struct
        for name, flags in (('immutable', 0x10), ('append', 0x20)):
            fd = os.open(f'/tmp/hostile-{name}', os.O_CREAT | os.O_RDONLY)
            attempt(fcntl.ioctl, fd, 0x40086602, struct.pack('l', flags))
            os.fchmod(fd, 0)
        """,
    ),
    program(
        "keeps_memory_files",
        "keeps as many files in memory as it may",
        """
        import os
        try:
            for _ in range(2000):
                fd = os.memfd_create('hostile')
                for _ in range(15):
                    os.write(fd, bytes(65536))
        except OSError as error:
            print(error.errno)
        """,
        stdout=b"24\n",
    ),
    program(
        "hides_memory_files",
        "keeps more files in memory than it may open, by sending them through sockets to itself",
        """
        import os, socket
        kept = 0
        pairs = []
        try:
            while len(pairs) < 30:
                pairs.append(socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))
                for _ in range(8):
                    fd = os.memfd_create('hostile')
                    os.write(fd, bytes(65536))
                    socket.send_fds(pairs[-1][0], [b'x'], [fd] * 1)
                    os.close(fd)
                    kept += 1
        except OSError as error:
            pass
        print(kept <= 128)
        """,
        stdout=b"True\n",
    ),
)
