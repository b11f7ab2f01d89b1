"""Runs an evaluation: samples of coder and tester, execution tables, metrics, all resumable.

`settings` -> `directory` -> `samples` (asked for once, kept line by line) -> `tables` (run as a problem's samples are
complete) -> `summary`. Scoring never generates.
"""
