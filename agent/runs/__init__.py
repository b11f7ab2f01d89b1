"""Recorded runs: typed events and content-addressed texts in one folder per run, and the state that they come to."""
