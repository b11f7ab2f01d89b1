"""Loads modules from standard input and calls `main` of the last one. Run as `python3 -c BOOT uid directory...`."""

import builtins
import os
import select
import sys
import types

PATIENCE_S = 60.0
"""Seconds that the host may take to send the modules; the host itself gives up earlier."""


def take(size: int) -> bytes:
    """The next `size` bytes of standard input, and not one more: `main` reads what follows."""
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            os._exit(0)
        data += chunk
    return data


# A host process that is killed while it starts a container may leave the container running without any input.
if not select.select([0], [], [], PATIENCE_S)[0]:
    os._exit(0)
# Name, source, name, source, ...; a package comes before its modules and has an empty source.
parts = take(int.from_bytes(take(8), "little")).decode().split("\0")
for name, source in zip(parts[::2], parts[1::2], strict=True):
    module = types.ModuleType(name)
    # A copy, so that a program that replaces `len` or `exec` does not replace them for the runner's own modules.
    module.__dict__["__builtins__"] = dict(vars(builtins))
    sys.modules[name] = module
    package, _, leaf = name.rpartition(".")
    if package:
        setattr(sys.modules[package], leaf, module)
    exec(compile(source, name, "exec"), module.__dict__)

main = sys.modules[name].main
for name in parts[::2]:
    del sys.modules[name]
main(sys.argv[1:])
