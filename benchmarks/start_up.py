"""How long `cure-agent --help` takes, compared with the bare interpreter and with its imports: medians and minima.

python benchmarks/start_up.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import click, importlib.metadata": ["-c", "import click, importlib.metadata"],
    "cure-agent --help": ["-m", "agent", "--help"],
}


def main(rounds: int = 15) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, arguments in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
            seconds[name].append(time.perf_counter() - start)
    for name, taken in seconds.items():
        print(f"{name:35} median {statistics.median(taken):.3f} s, best {min(taken):.3f} s")


if __name__ == "__main__":
    main()
