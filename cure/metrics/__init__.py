"""Numbers computed from tables of verdicts: `release` equals the released evaluation, `standard` is the sounder set.

All computations are pure; only `case_file` reads files. A value without data is None with a reason, never 0 or 1; only
`release` keeps the released code's 0 and 1.
"""
