"""Loads the supervisor's modules from standard input and starts it. Run as `python3 -c BOOT arguments...`."""

import json
import os
import sys
import types


def take(size: int) -> bytes:
    """The next `size` bytes of standard input, and not one more: what follows are frames."""
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            os._exit(0)
        data += chunk
    return data


for name, source in json.loads(take(int.from_bytes(take(8), "little"))):
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name, "exec"), module.__dict__)
sys.modules["sandbox.workspace.inside.supervisor"].main(sys.argv[1:])
