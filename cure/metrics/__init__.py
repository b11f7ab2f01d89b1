"""Numbers computed from tables of verdicts: `release` equals the released evaluation, `standard` is the sounder set.

All computations are pure, and none reads a file: `case_file` takes the parsed content of one. A value without data is
None with a reason, never 0 or 1; only `release` keeps the released code's 0 and 1.
"""
