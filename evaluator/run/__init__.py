"""Runs an evaluation: samples of coder and tester, execution tables, metrics; a stopped run is continued.

`settings` -> `directory` -> `start` (opens engines and sandbox) -> `execute` (`samples` of models, or `pools` of stored
ones; `tables` as soon as a problem's samples are complete) -> `stored` -> `verdicts` -> `summary`.
"""
