"""The hostile set: programs that try to break out of a jail, to outlive their execution or to spoil the next one.

Each theme has a file that holds its programs as data. `programs` collects them, `trial` runs one program and the
innocent executions after it, `command` is `cure-agent sandbox selftest`. The programs run only in a jail.
"""
