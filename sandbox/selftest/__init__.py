"""The self-test: hostile programs that try to break out of a jail, outlive their execution or spoil the next one.

Each theme has a file with its programs as data. `programs` collects them, `trial` runs one program and the
innocent executions after it, `command` is `cure-agent sandbox selftest`. The programs run only in a jail.
"""
