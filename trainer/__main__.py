"""`python -m trainer TARGET DIRECTORY [KEY=VALUE...]`: one process of a run, as a launcher starts it.

torchrun --nproc-per-node 8 -m trainer paper-7b runs/paper-7b
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from trainer.commands.run import run
from trainer.config import load


def main(arguments: list[str]) -> int:
    """The exit code of a run in this process. Only the first process writes the error message.

    Raises errors that have no exit code, other than OSError, whose exit code is 2.
    """
    target, out, *overrides = arguments
    try:
        run(load(target, overrides), Path(out))
    except Exception as error:
        code = getattr(error, "exit_code", 2 if isinstance(error, OSError) else None)
        if not isinstance(code, int):
            raise
        if os.environ.get("RANK", "0") == "0":
            sys.stderr.write(f"cure-agent: {error}\n")
        return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
