"""Real bugs as tasks in git repositories, with pools of answers whose truth was measured by hidden tests.

`task` has the task itself; `repo_bench`, `quixbugs` and `humanevalpack` read the sources; `measure` finds by execution
which hidden tests fail before the fix and pass after it. `pools` makes right and wrong answers of coders and testers
and measures their truth, and `scripted` draws a scripted engine's answers from a pool at known rates.
"""
