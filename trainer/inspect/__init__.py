"""`cure-agent train inspect`: shows a run, a step, a task or an answer, read from the run's directory.

`recorded` reads; `figures` and `series` compute, and are pure; `summary`, `comparison`, `step_view`, `task_view` and
`answer_view` print on a terminal; `curves` draws. Nothing here needs torch, and no file but the picture is written.
"""
