"""Hostile programs that look plain and get at frames, built-ins and modules through class patterns.

A class pattern (`case object(name=value)`) reads an attribute that no expression names, so that a search of the source
for suspicious expressions passes over it. Several inputs of such a program may share one process.
"""

from __future__ import annotations

from sandbox.selftest.hostile import SHIFTED, Hostile, program

WALK = """
def here():
    yield
frame = None
bar = '_'
def reach(generator):
    global frame
    match generator:
        case object(gi_frame=found):
            frame = found
g = here()
next(g)
reach(g)
"""
"""Code that reaches the frame of a generator without naming an attribute in an expression."""

IMPORT = f"""{WALK}
match frame:
    case object(f_builtins=table):
        load = table[bar + bar + 'import' + bar + bar]
"""
"""Code that gets at `__import__` through the frame that WALK reaches."""

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "walks_frames_by_pattern",
        "reaches frames and built-ins through class patterns, whose attributes no expression names",
        WALK
        + """
seen = []
while frame is not None:
    match frame:
        case object(f_back=back, f_locals=names):
            seen += [name for name in names if name in ('expected', 'gt_out', 'details', 'inputs', 'stdins', 'texts')]
            frame = back
print(seen)
""",
        stdout=b"[]\n",
    ),
    program(
        "leaves_processes_by_pattern",
        "gets at fork through class patterns and leaves writing processes for its next input",
        IMPORT
        + """
system, clock = load('os'), load('time')
match system:
    case object(_exit=leave):
        pass
if system.fork() == 0:
    start = clock.perf_counter()
    while clock.perf_counter() < start + 0.05:
        pass
    while clock.perf_counter() < start + 2:
        system.write(1, b'EVIL')
    leave(0)
print('left')
""",
        stdout=b"left\n",
    ),
    program(
        "reads_other_inputs_by_pattern",
        "gets at files through class patterns and searches what its process has open for the inputs of others",
        IMPORT
        + """
own = shifted in input().encode().translate(shift)
match load('os'):
    case object(pread=pread):
        pass
hits = 0
for fd in range(3, 64):
    try:
        hits += pread(fd, 1 << 20, 0).translate(shift).count(shifted)
    except OSError:
        pass
print('hits', 0 if own else hits)
""",
        given=f"shifted = {SHIFTED!r}\nshift = bytes(n + 1 & 255 for n in range(256))\n",
        needs_all_inputs=True,
        stdout=b"hits 0\n",
    ),
    program(
        "leaves_at_once_by_pattern",
        "gets at _exit through class patterns and leaves before the runner knows",
        IMPORT
        + """
print('lost')
match load('os'):
    case object(_exit=leave):
        leave(0)
""",
        stdout=b"",
    ),
)
