"""Workloads: small right programs that are all different, and a mixture with crashes and endless loops."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from sandbox.protocol import Job, Limits, Verdict

PROGRAMS, INPUTS = 64, 16
CRASHING, ENDLESS = 4, 2
"""Programs of the mixture that fail on every input (6 % of all executions), and that loop on some."""
LOOPS = 5
"""Inputs on which an endless program loops: 10 executions in all (1 %)."""
LIMITS = Limits(cpu_s=1.0)

TEMPLATES = (
    "n = int(input())\na = list(map(int, input().split()))\nprint(sum(a))",
    "import sys\n\ndef main():\n    data = sys.stdin.read().split()\n    n = int(data[0])\n"
    "    print(sum(int(x) for x in data[1:n + 1]))\n\nmain()",
    "import sys\ninput = sys.stdin.readline\nn = int(input())\ntotal = 0\n"
    "for x in input().split():\n    total += int(x)\nprint(total)",
    "import heapq\nfrom collections import Counter, deque\nn = int(input())\nqueue = deque(map(int, input().split()))\n"
    "counts = Counter(queue)\nheap = list(counts)\nheapq.heapify(heap)\ntotal = 0\nwhile heap:\n"
    "    x = heapq.heappop(heap)\n    total += x * counts[x]\nprint(total)",
    "import sys\nfrom functools import lru_cache\nsys.setrecursionlimit(10**6)\nn = int(input())\n"
    "a = list(map(int, input().split()))\n\n@lru_cache(None)\ndef f(i):\n"
    "    return 0 if i == n else a[i] + f(i + 1)\n\nprint(f(0))",
    "import sys\nfrom bisect import bisect_left\nfrom itertools import accumulate\n"
    "data = list(map(int, sys.stdin.buffer.read().split()))\na = sorted(data[1:])\nsums = [0, *accumulate(a)]\n"
    "middle = bisect_left(a, 0)\nprint(sums[middle] + sums[-1] - sums[middle])",
    "class Fenwick:\n    def __init__(self, n):\n        self.n = n\n        self.tree = [0] * (n + 1)\n\n"
    "    def add(self, i, x):\n        i += 1\n        while i <= self.n:\n            self.tree[i] += x\n"
    "            i += i & -i\n\n    def sum(self, i):\n        s = 0\n        while i > 0:\n"
    "            s += self.tree[i]\n            i -= i & -i\n        return s\n\nn = int(input())\ntree = Fenwick(n)\n"
    "for i, x in enumerate(map(int, input().split())):\n    tree.add(i, x)\nprint(tree.sum(n))",
    "import re\nn = int(input())\nprint(sum(map(int, re.findall(r'-?\\d+', input()))))",
)
FAILURES = ("print([][n])", "int('x')", "import sys; sys.exit(3)", "print(1 // (n - n))")


@dataclass(frozen=True)
class Workload:
    """Jobs, and the expected verdict and output of each execution, by key of the job and index of the input."""

    jobs: list[Job]
    expected: dict[tuple[str, int], tuple[Verdict, bytes | None]]

    def only(self, verdict: Verdict) -> Workload:
        """The part of this workload whose executions have this verdict."""
        jobs, expected = [], {}
        for job in self.jobs:
            kept = [index for index in range(len(job.inputs)) if self.expected[job.key, index][0] is verdict]
            if kept:
                jobs.append(replace(job, inputs=tuple(job.inputs[index] for index in kept)))
                expected.update({(job.key, at): self.expected[job.key, index] for at, index in enumerate(kept)})
        return Workload(jobs, expected)

    def with_jobs(self, strict: bool = False, give_up_after: int | None = None) -> Workload:
        """This workload with these fields set on every job."""
        jobs = [replace(job, strict=strict, give_up_after=give_up_after) for job in self.jobs]
        return Workload(jobs, self.expected)


def _inputs(seed: int) -> tuple[list[bytes], list[bytes]]:
    generator = random.Random(seed)
    texts, sums = [], []
    for _ in range(INPUTS):
        numbers = [generator.randint(-1000, 1000) for _ in range(generator.randint(5, 60))]
        texts.append(f"{len(numbers)}\n{' '.join(map(str, numbers))}\n".encode())
        sums.append(f"{sum(numbers)}\n".encode())
    return texts, sums


def fast() -> Workload:
    """Right programs that compute for some 25 microseconds on each input."""
    texts, sums = _inputs(0)
    jobs = [Job(f"{n}", f"# {n}\n{TEMPLATES[n % len(TEMPLATES)]}", tuple(texts), LIMITS) for n in range(PROGRAMS)]
    return Workload(jobs, {(job.key, i): (Verdict.OK, sums[i]) for job in jobs for i in range(INPUTS)})


def mixed() -> Workload:
    """`fast()` with 6 % crashes, by programs that fail on every input, and 1 % endless loops on some inputs."""
    workload = fast()
    jobs, expected = list(workload.jobs), dict(workload.expected)
    step = PROGRAMS // (CRASHING + ENDLESS)
    for nth in range(CRASHING + ENDLESS):
        job = jobs[nth * step]
        if nth < CRASHING:
            source = f"# {job.key}\nn = int(input())\n{FAILURES[nth]}"
            expected.update({(job.key, i): (Verdict.CRASH, None) for i in range(INPUTS)})
        else:
            loops = [job.inputs[i] for i in range(0, INPUTS, INPUTS // LOOPS)][:LOOPS]
            heads = sorted({text.decode().split("\n")[1] for text in loops})
            source = f"# {job.key}\nn, line = input(), input()\nwhile line in {heads!r}: pass\n"
            source += "print(sum(map(int, line.split())))"
            for i, text in enumerate(job.inputs):
                if text in loops:
                    expected[job.key, i] = (Verdict.TIMEOUT, None)
        jobs[nth * step] = replace(job, source=source)
    return Workload(jobs, expected)
