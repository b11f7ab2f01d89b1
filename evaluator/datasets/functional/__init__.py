"""Converts functional problems (a function, and assertions on it) to problems over stdin and stdout.

A format (`humaneval`, `mbpp`, `livecodebench`; `registry` lists them) reads rows into the classes of `function`.
`prepare` finds a form (a way to write values as text, see `codec` and `forms`) for every argument, `program` writes
programs around the function, `results` reads what they print, `draft` makes the row of CURE's JSON, in the words of
`wording`. `convert` does all of this for a file.
"""
