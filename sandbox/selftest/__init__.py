"""The hostile set: programs that try to break out of a jail, to outlive their execution or to spoil the next one.

One file for each theme holds them as data. `programs` is all of them, `trial` runs one and the innocent executions
after it, `command` is `cure-agent sandbox selftest`. They run in a jail only.
"""
