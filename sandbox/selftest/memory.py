"""Programs that fill memory, in one process or many, with every kind of memory that a limit may miss."""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import INPUTS, TIGHT, Hostile, program, spins

OK, CRASH, TIMEOUT, MEMORY = Verdict.OK, Verdict.CRASH, Verdict.TIMEOUT, Verdict.MEMORY

PROGRAMS: tuple[Hostile, ...] = (
    program("ten_gigabytes", "asks for ten gigabytes at once", "bytearray(10 << 30)", MEMORY),
    program("grows", "grows by a megabyte at a time", "a = []\nwhile True: a.append(bytearray(1 << 20))", MEMORY),
    program("grows_by_little", "grows by small objects", "a = []\nwhile True: a.append([])", MEMORY, limits=TIGHT),
    program("grows_a_string", "doubles a string for ever", "s = 'x'\nwhile True: s += s", MEMORY),
    program("grows_a_number", "squares a number for ever", "n = 1 << 64\nwhile True: n <<= n.bit_length()", MEMORY),
    program("a_long_string", "repeats a string ten billion times", "n = 10**10\nprint(len('a' * n))", MEMORY),
    program(
        "catches_memory_error",
        "runs out of memory, catches that and goes on",
        """
        a = []
        try:
            while True: a.append(bytearray(1 << 20))
        except MemoryError:
            del a
        print('caught')
        """,
        stdout=b"caught\n",
    ),
    spins(
        "never_gives_up",
        "runs out of memory again and again",
        """
        a = []
        while True:
            try:
                a.append(bytearray(1 << 16))
            except MemoryError:
                pass
        """,
    ),
    program(
        "children_that_grow",
        "lets as many children as it may have fill memory, and sleeps meanwhile",
        """
        import os, time
        for _ in range(16):
            try:
                pid = os.fork()
            except OSError:
                break
            if pid == 0:
                a = []
                try:
                    while True: a.append(bytearray(1 << 20))
                except MemoryError:
                    time.sleep(30)
        time.sleep(0.3)
        print('x')
        """,
        # Under Docker the kernel kills processes that fill the jail's memory, unless the program ends before.
        OK,
        MEMORY,
        inputs=INPUTS[:1],
    ),
    program(
        "children_with_memory_files",
        "lets children keep memory files until the memory of the jail is full",
        """
        import os, time
        for _ in range(12):
            try:
                pid = os.fork()
            except OSError:
                break
            if pid == 0:
                try:
                    while True:
                        fd = os.memfd_create('hostile')
                        for _ in range(15): os.write(fd, bytes(65536))
                except OSError:
                    time.sleep(30)
        time.sleep(0.5)
        print('x')
        """,
        # Under Docker the kernel kills processes that fill the jail's memory; bubblewrap does not bound a whole jail.
        OK,
        MEMORY,
        inputs=INPUTS[:1],
    ),
    program(
        "maps_shared_memory",
        "fills memory that it could share with others, which is not counted as its data",
        """
        import mmap
        area = mmap.mmap(-1, 200 << 20)
        for _ in range(200): area.write(bytes(1 << 20))
        print('filled')
        """,
        MEMORY,
    ),
    program(
        "maps_files",
        "fills memory through private mappings of a file",
        """
        import mmap, os
        fd = os.memfd_create('hostile')
        os.ftruncate(fd, 1 << 20)
        areas = []
        while True:
            area = mmap.mmap(fd, 1 << 20, flags=mmap.MAP_PRIVATE)
            for at in range(0, 1 << 20, 4096): area[at] = 1
            areas.append(area)
        """,
        # mmap fails with OSError, not with MemoryError, when the limit is reached.
        MEMORY,
        CRASH,
    ),
    program(
        "fills_pipes",
        "fills the buffers of as many pipes and sockets as it may open",
        """
        import fcntl, os, socket
        kept = []
        try:
            while True:
                reader, writer = os.pipe()
                kept.append((reader, writer))
                try:
                    fcntl.fcntl(writer, 1031, 1 << 20)
                except OSError:
                    pass
                os.set_blocking(writer, False)
                try:
                    while True: os.write(writer, bytes(65536))
                except BlockingIOError:
                    pass
        except OSError as error:
            print(error.errno)
        """,
        stdout=b"24\n",
    ),
    program(
        "deep_stack_of_python",
        "recurses without limit in Python",
        """
        import sys
        sys.setrecursionlimit(10**9)
        def f(): f()
        f()
        """,
        # Python 3.11 needs no C stack for calls between Python functions; later versions do in some places.
        MEMORY,
        CRASH,
        limits=TIGHT,
    ),
    program(
        "deep_stack_of_c",
        "recurses without limit in C",
        """
        import sys
        sys.setrecursionlimit(10**9)
        class A:
            def __repr__(self): return repr(self)
        repr(A())
        """,
        CRASH,
        # Later versions of Python guard the C stack and run out of heap first.
        MEMORY,
    ),
    program(
        "recursion", "recurses until Python objects", "def f(): f()\nf()", CRASH, exit_code=1, reason="RecursionError"
    ),
    program(
        "deep_destructor",
        "builds a chain of many objects, whose end is a recursion in C",
        """
        a = None
        for _ in range(300_000): a = (a,)
        print('built')
        del a
        print('gone')
        """,
        stdout=b"built\ngone\n",
    ),
    program(
        "deep_data",
        "pickles, copies and prints data too deep for recursion",
        """
        import copy, json, pickle
        a = []
        for _ in range(10**5): a = [a]
        for use in (pickle.dumps, copy.deepcopy, json.dumps, repr, hash):
            try:
                use(a)
            except (RecursionError, TypeError) as error:
                print(type(error).__name__)
        """,
        stdout=b"RecursionError\n" * 4 + b"TypeError\n",
    ),
    program(
        "grows_in_c",
        "takes memory past Python, from the C library and from the kernel",
        """
        import ctypes
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        taken = 0
        while taken < 4 << 30:
            address = libc.malloc(1 << 20)
            if not address: break
            ctypes.memset(address, 1, 1 << 20)
            taken += 1 << 20
        print(taken < 200 << 20)
        """,
        stdout=b"True\n",
    ),
)
