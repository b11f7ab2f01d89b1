"""The interpreter's machine code lies in anonymous memory, which forked children share without page faults."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import Execute

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Prints permissions, inode and file of the memory mapping that holds a function of the interpreter.
SOURCE = """
import ctypes
code = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value
for line in open("/proc/self/maps"):
    addresses, permissions, _, _, inode, *path = line.split()
    low, high = (int(address, 16) for address in addresses.split("-"))
    if low <= code < high:
        print(permissions, inode, path)
"""


async def test_code_comes_from_no_file(execute: Execute) -> None:
    execution = await execute(SOURCE)
    assert (execution.stderr_tail, execution.stdout) == (b"", b"r-xp 0 []\n")
