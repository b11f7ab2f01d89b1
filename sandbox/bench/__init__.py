"""Measures how many executions per second a sandbox does, beside what forks and new interpreters reach."""
