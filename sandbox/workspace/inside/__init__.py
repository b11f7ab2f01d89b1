"""Code that runs inside a workspace's jail, or while the jail is made.

It imports the standard library and, of this project, itself and `confine` and `seccomp` of `sandbox.runner` alone.
"""
