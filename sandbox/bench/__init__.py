"""Measures executions per second of a sandbox, compared with bare forks and with new interpreters."""
