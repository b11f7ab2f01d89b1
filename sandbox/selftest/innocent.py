"""The ten innocent executions that follow every hostile program; two of them are probes that inspect the jail."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.protocol import Job, Limits

LIMITS = Limits(cpu_s=1, memory_mb=128)

PROBE = """
import os, resource, signal, sys, time
print(sum(map(int, input().split())), sum(name.isdigit() for name in os.listdir('/proc')))
print(os.listdir('/tmp'), os.listdir('/dev/shm'), os.getcwd(), oct(os.umask(0)), time.tzname)
print(sorted(os.environ.items()), os.nice(0), os.sched_getscheduler(0), sorted(os.sched_getaffinity(0)))
print([resource.getrlimit(kind) for kind in range(16)])
print(signal.pthread_sigmask(signal.SIG_BLOCK, []), [n for n in range(1, 65) if signal.getsignal(n) == signal.SIG_IGN])
print([oct(os.stat(path).st_mode) for path in ('/', '/tmp', '/dev/shm', '/dev/null')], sorted(os.listdir('/dev')))
print(sorted(sys.modules), sys.path, sys.getrecursionlimit(), os.uname().nodename)
print(len(open('/proc/self/mountinfo').readlines()))
for name in 'autogroup', 'oom_score_adj', 'timerslack_ns', 'coredump_filter', 'attr/exec':
    try:
        print(name, open(f'/proc/self/{name}').read().split()[-1:])
    except OSError as error:
        print(name, error.errno)
"""
"""Prints a sum, and everything visible that an earlier program may have changed."""
PROBED = re.compile(rb"60 [2-4]\n\[\] \[\] /tmp 0o22 \('UTC', 'UTC'\)\n")
"""The beginning of the probe's output: the sum, and a count of processes.

The probe sees itself, the runner, and at most two processes between them.

The rest depends on the machine and is compared with the output in a fresh sandbox.
"""


@dataclass(frozen=True)
class Innocent:
    """A program, and its output for each input."""

    name: str
    source: str
    expected: dict[bytes, bytes]

    def job(self, strict: bool) -> Job:
        """The program on all its inputs."""
        return Job(self.name, self.source, tuple(self.expected), LIMITS, strict)


def probe_job(name: str) -> Job:
    """The probe on one input. Its imports give it a process of its own even in a job that is not `strict`."""
    return Job(name, PROBE, (b"10 20 30\n",), LIMITS)


PROGRAMS = (
    Innocent("sum", "input()\nprint(sum(map(int, input().split())))", {b"3\n1 2 3\n": b"6\n", b"2\n40 2": b"42\n"}),
    Innocent(
        "read_all",
        "import sys\ndata = sys.stdin.read().split()\nprint(*sorted(data), sep='\\n')",
        {b"b a\nc\n": b"a\nb\nc\n", b"": b"\n"},
    ),
    Innocent("open0", "print(sum(map(int, open(0).read().split())))", {b"1 2\n3\n": b"6\n"}),
    Innocent(
        "buffer", "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])", {b"\xff\r\n1": b"1\n\r\xff"}
    ),
    Innocent(
        "os_read",
        "import io, os\ninput = io.BytesIO(os.read(0, os.fstat(0).st_size)).readline\n"
        "print(int(input()) + int(input()))",
        {b"20\n22\n": b"42\n"},
    ),
    Innocent(
        "everyday",
        "from __future__ import annotations\nimport pickle, subprocess, threading\n"
        "from collections import Counter\nfrom dataclasses import dataclass\n"
        "@dataclass(order=True)\nclass A:\n    n: int = 1\n"
        "done = []\nthread = threading.Thread(target=lambda: done.append(pickle.loads(pickle.dumps(A(2)))))\n"
        "thread.start()\nthread.join()\n"
        "with open('x', 'w+') as file:\n    file.write('kept')\n    file.seek(0)\n    text = file.read()\n"
        "child = subprocess.run(['/bin/sh', '-c', 'echo 5'], capture_output=True, text=True)\n"
        "print(done, max(A(), A(3)), Counter(input()).most_common(1), text, child.stdout, end='')",
        {b"abb\n": b"[A(n=2)] A(n=3) [('b', 2)] kept 5\n"},
    ),
)
"""Eight executions; with a probe before and after them, ten."""
