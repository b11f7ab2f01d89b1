"""`python -m trainer TARGET DIRECTORY [KEY=VALUE...]`: one process of a run, as torchrun and deepspeed start it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from trainer.config import load
from trainer.run_command import run


def main(arguments: list[str]) -> int:
    """Run, and leave the exit code where the command that started all processes finds it."""
    target, out, *overrides = arguments
    try:
        run(load(target, overrides), Path(out))
    except Exception as error:
        code = getattr(error, "exit_code", None)
        if not isinstance(code, int):
            raise
        if os.environ.get("RANK", "0") == "0":
            sys.stderr.write(f"cure-agent: {error}\n")
            (Path(out) / "exit_code").write_text(str(code))
        return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
