"""Benchmarks: extraction and scoring of stored answers and tables, in the released code's way and in a sounder one."""
