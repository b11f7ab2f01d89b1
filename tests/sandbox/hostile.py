"""Hostile programs, and what must become of each. They run in a sandbox only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hostile:
    """One program: its source, the verdicts that are right, and its output where that is telling."""

    source: str
    verdicts: str = "ok"
    stdout: bytes | None = None


# A result frame that says "ok" with the output PWN, as the runner would send it.
FORGED = (
    "import struct\n"
    "head = struct.pack('<IIBiiddQIIQ', 1, 0, 0, 0, 0, 0.0, 0.0, 1, 0, 0, 4)\n"
    "frame = struct.pack('<BQ', 4, len(head) + 4) + head + b'PWN\\n'\n"
)

PROGRAMS: dict[str, Hostile] = {
    # Processes and time
    "fork_bomb": Hostile("import os\nwhile True:\n  try: os.fork()\n  except OSError: pass", "timeout"),
    "sleepers_left_behind": Hostile(
        "import os, time\nfor _ in range(200):\n  try:\n    if os.fork() == 0: time.sleep(60); os._exit(0)\n"
        "  except OSError: break\nprint('ok')",
        stdout=b"ok\n",
    ),
    "daemon_that_writes_later": Hostile(
        "import os, time\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n    time.sleep(0.3)\n"
        "    while True: os.write(1, b'EVIL\\n'); time.sleep(0.01)\n  os._exit(0)\nprint('parent')",
        stdout=b"parent\n",
    ),
    "ignores_all_signals": Hostile(
        "import signal, time\nfor n in range(1, 65):\n  try: signal.signal(n, signal.SIG_IGN)\n"
        "  except (OSError, ValueError): pass\nwhile True: time.sleep(100)",
        "timeout",
    ),
    "stops_itself": Hostile("import os; os.kill(os.getpid(), 19)", "timeout"),
    "endless_atexit": Hostile(
        "import atexit\n@atexit.register\ndef spin():\n  while True: pass\nprint('x')", "timeout"
    ),
    "endless_thread": Hostile(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()\nprint('x')", "timeout"
    ),
    "never_returns_to_python": Hostile("x = 10**(10**8); print(len(str(x)))", "timeout crash"),
    "cpu_of_children_counts": Hostile(
        "import os\nwhile True:\n  pid = os.fork()\n  if pid == 0:\n    for _ in range(10**6): pass\n    os._exit(0)\n"
        "  os.waitpid(pid, 0)",
        "timeout",
    ),
    "zombies": Hostile(
        "import os\nn = 0\ntry:\n  for n in range(5000):\n    if os.fork() == 0: os._exit(0)\nexcept OSError:\n"
        "  print('eagain')\nprint(n < 5000)",
        stdout=b"eagain\nTrue\n",
    ),
    "many_threads": Hostile(
        "import threading, time\ntry:\n  for n in range(5000):\n"
        "    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
        "except RuntimeError: print('limit', n < 5000)",
        stdout=b"limit True\n",
    ),
    "segmentation_fault": Hostile("import ctypes; ctypes.string_at(0)", "crash"),
    # Signals to others
    "kills_everything": Hostile(
        "import os\ntry: os.kill(-1, 9)\nexcept OSError: pass\nprint('survived')", stdout=b"survived\n"
    ),
    "signals_process_1": Hostile(
        "import os, time\nfor n in (9, 15, 19, 11, 6, 1, 2):\n  try: os.kill(1, n)\n  except PermissionError: pass\n"
        "time.sleep(0.1)\nprint('alive')",
        stdout=b"alive\n",
    ),
    "stops_its_parent": Hostile(
        "import os\ntry: os.kill(os.getppid(), 19)\nexcept PermissionError: pass\nprint('done')", stdout=b"done\n"
    ),
    # The runner and its channel
    "writes_to_every_descriptor": Hostile(
        FORGED + "import os\nfor fd in range(3, 1024):\n  try: os.write(fd, frame); print('took', fd)\n"
        "  except OSError: pass\nprint('done')",
        stdout=b"done\n",
    ),
    "opens_descriptors_of_others": Hostile(
        FORGED + "import os\nforged = 0\nfor pid in os.listdir('/proc'):\n"
        "  if not pid.isdigit() or int(pid) == os.getpid(): continue\n"
        "  for fd in range(64):\n    try:\n      with open(f'/proc/{pid}/fd/{fd}', 'wb', 0) as f: f.write(frame)\n"
        "      forged += 1\n    except OSError: pass\nprint('forged', forged)",
        stdout=b"forged 0\n",
    ),
    "reads_memory_of_the_runner": Hostile(
        "for path in ('/proc/1/mem', '/proc/1/maps', '/proc/1/environ'):\n"
        "  try: open(path, 'rb').read(1); print('READ', path)\n  except OSError as e: print(type(e).__name__)",
        stdout=b"PermissionError\n" * 3,
    ),
    "traces_the_runner": Hostile(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\nfor request in (16, 0x4206):\n"
        "  print(libc.ptrace(request, 1, 0, 0), ctypes.get_errno())",
        stdout=b"-1 1\n-1 1\n",
    ),
    "searches_its_memory_for_other_inputs": Hostile(
        "marker = '_'.join(['SECRET', 'OTHER', 'TEST']).encode()\nhits = 0\n"
        "with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb', 0) as memory:\n"
        "  for line in list(maps):\n    span, mode = line.split()[:2]\n"
        "    if mode[0] != 'r' or '[v' in line: continue\n"
        "    low, high = (int(x, 16) for x in span.split('-'))\n"
        "    try:\n      memory.seek(low); data = memory.read(min(high - low, 1 << 24))\n"
        "    except (OSError, OverflowError): continue\n"
        "    hits += data.count(marker)\n    del data\n"
        "print('hits', max(0, hits - 1))",
        stdout=b"hits 0\n",
    ),
    "environment": Hostile(
        "import os\nprint([n for n in os.environ if 'KEY' in n or 'TOKEN' in n or 'SECRET' in n], len(os.environ) < 8)",
        stdout=b"[] True\n",
    ),
    "looks_for_results_in_frames": Hostile(
        "import sys\nframe = sys._getframe()\nnames = set()\nwhile frame:\n"
        "  names |= set(frame.f_locals) | set(frame.f_globals)\n"
        "  frame = frame.f_back\nprint(names & {'gt_out', 'expected', 'output_queue', 'details', 'stat'})",
        stdout=b"set()\n",
    ),
    # Privileges, files, network
    "raises_its_limits": Hostile(
        "import resource\nfor name in ('CPU', 'DATA', 'FSIZE', 'NPROC', 'NOFILE'):\n"
        "  try: resource.setrlimit(getattr(resource, 'RLIMIT_' + name), (-1, -1)); print('RAISED', name)\n"
        "  except (OSError, ValueError): pass\nprint('end')",
        stdout=b"end\n",
    ),
    "becomes_root": Hostile(
        "import os\ntry: os.setuid(0); print('ROOT')\nexcept OSError: print('no')\n"
        "print(os.getuid() > 0, [l.split()[1] for l in open('/proc/self/status') if l.startswith('CapEff')])",
        stdout=b"no\nTrue ['0000000000000000']\n",
    ),
    "unshares": Hostile(
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "print([libc.unshare(flag) for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000)])",
        stdout=b"[-1, -1, -1, -1]\n",
    ),
    "writes_outside_tmp": Hostile(
        "import os\nopened = []\nfor path in ('/x', '/etc/x', '/usr/x', '/usr/lib/x', '/var/tmp/x', '/dev/x',\n"
        "    '/sys/fs/cgroup/x', '/proc/sys/kernel/hostname', '/proc/sysrq-trigger', '/proc/1/oom_score_adj'):\n"
        "  try: open(path, 'w').close(); opened.append(path)\n  except OSError: pass\nprint('writable', opened)",
        stdout=b"writable []\n",
    ),
    "connects": Hostile(
        "import socket\ntry: socket.create_connection(('1.1.1.1', 80), 0.5); print('CONNECTED')\n"
        "except OSError as e: print(e.errno)\nprint(len(socket.if_nameindex()))",
        stdout=b"101\n1\n",
    ),
    "looks_for_the_host": Hostile(
        "import os\nprint([p for p in ('/home', '/root', '/work', '/run/docker.sock', '/etc/shadow')\n"
        "  if os.path.exists(p) and (not os.path.isdir(p) or os.access(p, os.R_OK) and os.listdir(p))\n"
        "  and os.access(p, os.R_OK)])",
        stdout=b"[]\n",
    ),
    # Files and leftovers
    "fills_a_file": Hostile(
        "n = 0\ntry:\n  with open('/tmp/x', 'wb', 0) as f:\n    while True: n += f.write(bytes(65536))\n"
        "except OSError as e: print(e.errno, n)",
        stdout=b"27 1048576\n",
    ),
    "fills_tmp": Hostile(
        "n = 0\ntry:\n  for i in range(64):\n    with open(f'/tmp/{i}', 'wb', 0) as f:\n"
        "      for _ in range(15): n += f.write(bytes(65536))\nexcept OSError as e: print(e.errno, n)",
        stdout=b"28 16777216\n",
    ),
    "leaves_system_v_objects": Hostile(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "for call in ((libc.shmget, 77, 1 << 20), (libc.semget, 77, 1), (libc.msgget, 77)):\n"
        "  for key, flags in ((77, 0o1666), (0, 0o666), (77, 0o666)):\n"
        "    print(call[0](key, *call[2:], flags))",
        stdout=b"-1\n" * 9,
    ),
    "uses_forbidden_calls": Hostile(
        "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.mount(b'x', b'/tmp', b'tmpfs', 0, 0), libc.chroot(b'/tmp'), ctypes.get_errno())",
        stdout=b"-1 -1 1\n",
    ),
    "fills_shared_memory": Hostile(
        "n = 0\ntry:\n  with open('/dev/shm/x', 'wb', 0) as f:\n    while True: n += f.write(bytes(65536))\n"
        "except OSError as e: print(e.errno, n)",
        stdout=b"27 1048576\n",
    ),
    "many_files": Hostile("for i in range(100_000): open(f'/tmp/{i}', 'w').close()", "crash timeout"),
    "undeletable_tree": Hostile(
        "import os\nos.makedirs('/tmp/a/b')\nopen('/tmp/a/b/c', 'w').close()\nos.chmod('/tmp/a', 0)\nprint('made')",
        stdout=b"made\n",
    ),
    "deep_tree": Hostile("import os\nfor _ in range(200): os.mkdir('d' * 100); os.chdir('d' * 100)\nprint('made')"),
    "links": Hostile("import os\nos.symlink('/', '/tmp/root'); os.symlink('x', '/tmp/x')\nprint('made')"),
    "leaves_a_file": Hostile("open('/tmp/leak', 'w').write('LEAK'); open('/dev/shm/leak', 'w').write('LEAK')"),
    "keeps_memory_files": Hostile(
        "import os\ntry:\n  for _ in range(2000):\n    fd = os.memfd_create('x')\n"
        "    for _ in range(15): os.write(fd, bytes(65536))\n"
        "except OSError as e: print(e.errno)",
        stdout=b"24\n",
    ),
    # Memory
    "ten_gigabytes": Hostile("bytearray(10 << 30)", "memory"),
    "grows": Hostile("a = []\nwhile True: a.append(bytearray(1 << 20))", "memory"),
    "grows_small": Hostile("a = []\nwhile True: a.append([])", "memory timeout"),
    "catches_memory_error": Hostile(
        "a = []\ntry:\n  while True: a.append(bytearray(1 << 20))\nexcept MemoryError:\n  del a\nprint('caught')",
        stdout=b"caught\n",
    ),
    "children_that_grow": Hostile(
        "import os, time\nfor _ in range(16):\n  try: pid = os.fork()\n  except OSError: break\n"
        "  if pid == 0:\n    a = []\n"
        "    try:\n      while True: a.append(bytearray(1 << 20))\n    except MemoryError: time.sleep(30)\n"
        "time.sleep(0.2)\nprint('x')",
        "ok memory timeout",
    ),
    # Recursion and compilation
    "recursion": Hostile("def f(): f()\nf()", "crash"),
    "recursion_of_c": Hostile(
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n  def __repr__(self): return repr(self)\nrepr(A())",
        "crash memory timeout",
    ),
    "constant_folding": Hostile("x = ((1 << 40) ** 60000)\nprint(1)", stdout=b"1\n"),
    "parentheses": Hostile("(" * 100_000, "crash"),
    "minus_signs": Hostile("x = " + "-" * 200_000 + "1", "crash"),
    "large_source": Hostile(f"x = [{', '.join(map(str, range(100_000)))}]\nprint(len(x))", stdout=b"100000\n"),
    # Streams
    "output_flood": Hostile("while True: print('x' * 1000)", "output_limit"),
    "error_flood": Hostile("import sys\nwhile True: sys.stderr.write('x' * 1000)", "output_limit crash"),
    "sparse_output": Hostile("import os; os.ftruncate(1, 1 << 40)", "output_limit crash"),
    "patches_exit": Hostile("import os\nos._exit = lambda *a: None\nraise ValueError", "crash"),
    "patches_builtins": Hostile(
        "import builtins\nfor name in ('exec', 'len', 'isinstance', 'type', 'print', 'list', 'getattr', 'int'):\n"
        "  setattr(builtins, name, None)",
        stdout=b"",
    ),
    "patches_modules": Hostile(
        "import sys, atexit, signal, marshal\nfor module in (sys, atexit, signal, marshal):\n"
        "  for name in list(vars(module)):\n    if not name.startswith('__'):\n      setattr(module, name, None)",
        "ok crash",
    ),
}
