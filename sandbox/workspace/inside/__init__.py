"""Code that runs inside a workspace's jail, or while the jail is made.

It imports only the standard library, modules of this package, and `confine` and `seccomp` of `sandbox.runner`.
"""
