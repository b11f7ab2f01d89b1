"""Compares strategies on a problem set: every problem is solved with each of them, and the answers are judged by the
hidden tests.

`settings` -> `folder` (what is recorded already) -> `solves` (one recorded run per problem and strategy, whose samples
`answers` shares) -> `anytime` (what the run would have answered after fewer tokens) -> `figures`.
"""
