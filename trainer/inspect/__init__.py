"""`cure-agent train inspect`: what a run, a step, a task or an answer looked like, read from the run's directory.

`recorded` reads; `figures` and `series` count, and are pure; `summary`, `comparison`, `step_view`, `task_view` and
`answer_view` show on a terminal; `curves` draws. Nothing here needs torch, and nothing is written but the picture.
"""
