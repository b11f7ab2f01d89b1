"""Functional problems (a function, assertions about it) made into problems over stdin and stdout."""
