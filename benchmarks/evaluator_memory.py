"""Peak memory of an evaluation's summary and report, for runs of several sizes, each in a process of its own.

    python benchmarks/evaluator_memory.py
    python benchmarks/evaluator_memory.py --problems 100 500 2000

The runs are those of report_size.py: 16 programs, 16 generated and 8 hidden tests a problem.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--measure", type=Path, metavar="RUN", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(asked.measure)
        return
    from report_size import make_run

    for problems in asked.problems:
        with tempfile.TemporaryDirectory() as folder:
            run = make_run(Path(folder), problems, 1200, 300)
            size = run.tables.stat().st_size / 1e6
            command = [sys.executable, __file__, "--measure", str(run.path)]
            shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
        print(f"{problems:>6} problems, {size:6.1f} MB of tables: {shown}", flush=True)


def measure(path: Path) -> None:
    """Print this process's peak memory after loading the code, after the summary and after the report of a run."""
    from evaluator.report.write import write_files
    from evaluator.run.directory import RunDirectory
    from evaluator.run.summary import summarise, write_summary

    run = RunDirectory(path)
    peaks = [("code", peak_mb())]
    metrics = summarise(run)
    write_summary(run, metrics)
    peaks.append(("summary", peak_mb()))
    write_files(run, metrics)
    peaks.append(("report", peak_mb()))
    print(", ".join(f"{name} {mb:.0f} MB" for name, mb in peaks))


def peak_mb() -> float:
    """The most memory that this process has had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
