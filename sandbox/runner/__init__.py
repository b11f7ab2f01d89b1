"""The runner: PID 1 of a jail, which runs programs in forks of an interpreter that is already warm.

Everything here runs inside the jail with the jail's Python (3.11 or later) and its standard library alone. The host
sends the modules over standard input (`boot`), so an image needs nothing but Python.
"""
