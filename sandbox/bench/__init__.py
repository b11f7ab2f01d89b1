"""Measures how many executions a second a sandbox does, with the floors beside it."""
