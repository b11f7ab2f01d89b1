"""Converts functional problems (a function, and assertions on it) to problems over stdin and stdout.

A format (`humaneval`, `mbpp`, `livecodebench`; `registry` lists them) reads rows into `function`s. `prepare` finds a
form (`codec`, `forms`) for every argument, `program` writes programs around the function, `results` reads what they
print, `draft` makes the row of CURE's JSON, in the words of `wording`. `convert` does all of this for a file.
"""
