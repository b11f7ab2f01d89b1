"""Recorded runs: a folder of typed events and content-addressed texts per run, and the state folded from the events."""
