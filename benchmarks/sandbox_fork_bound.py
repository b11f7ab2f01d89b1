"""The least cost of an execution in a fork of its own: `python benchmarks/sandbox_fork_bound.py`.

A warm interpreter per core forks, and each stage does a little more in the child, up to running a program as the
sandbox does. The child is not watched or limited, and its result is neither judged nor passed on: no sandbox that
forks for every execution runs more executions a second than the last stage. Stages take turns; medians over
the rounds are printed. Under root, children change their user id.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import time
from pathlib import Path

from sandbox.bench.floors import cores, python
from sandbox.bench.workload import fast

ROOT = Path(__file__).parent.parent
STAGES = (
    "bare fork and exit",
    "with the interpreter's code in memory of its own, and streams that are files",
    "and every other file is closed, the user id changed",
    "and a program is run, its output flushed",
)
FORKS = 600

FORKER = f"""
import gc, importlib, marshal, os, sys
sys.path.insert(0, {str(ROOT)!r})
stage, source, data = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode()
from sandbox.runner import confine, gaps, program, serve, text, warm
from sandbox.runner.report import Report
from sandbox.runner.surroundings import Library
for name in serve.PRELOADED:
    importlib.import_module(name)
go = os.dup(0)
for fd in (0, 1, 2):
    os.dup2(os.memfd_create('placeholder'), fd)
if stage:
    text.keep_text()
report, interpreter = Report(), program.Interpreter()
warm.warm_up(report, Library())
interpreter.install()
code = marshal.dumps(compile(source, program.FILE, 'exec', dont_inherit=True))
gc.collect(); fillings = []; gaps.fill_gaps(fillings); gc.freeze()
os.read(go, 1)
for _ in range({FORKS}):
    if stage:
        files = [os.memfd_create('stream') for _ in range(3)]
        os.write(files[0], data)
        os.lseek(files[0], 0, 0)
    pid = os.fork()
    if pid == 0:
        if stage:
            for fd in (0, 1, 2):
                os.dup2(files[fd], fd)
        if stage > 1:
            os.closerange(3, 4096)
            if os.geteuid() == 0:
                os.setresuid(99999, 99999, 99999)
        if stage > 2:
            program.run(code, interpreter, report, True)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if stage > 2 and not os.fstat(files[1]).st_size or status:
        os._exit(1)
    if stage:
        for fd in files:
            os.close(fd)
"""


def rate(stage: int, source: str, text: str) -> float:
    """Forks per second at this stage, by one interpreter per core."""
    command = [python(), "-S", "-c", FORKER, str(stage), source, text]
    forkers = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(cores())]
    # The forkers wait for the end of standard input; all of them should have started by then.
    time.sleep(0.5)
    started = time.perf_counter()
    for forker in forkers:
        assert forker.stdin is not None
        forker.stdin.close()
    statuses = [forker.wait() for forker in forkers]
    if any(statuses):
        raise SystemExit(f"stage {stage} did not end as it should")
    return cores() * FORKS / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    jobs = fast().jobs[:8]
    rates: dict[int, list[float]] = {stage: [] for stage in range(len(STAGES))}
    for number in range(options.rounds):
        job = jobs[number % len(jobs)]
        for stage, found in rates.items():
            found.append(rate(stage, job.source, job.inputs[0].decode()))
    floor = statistics.median(rates[0])
    for stage, name in enumerate(STAGES):
        median = statistics.median(rates[stage])
        print(f"{median:8,.0f} a second, {median / floor:5.2f} x fork floor   {name}")


if __name__ == "__main__":
    main()
