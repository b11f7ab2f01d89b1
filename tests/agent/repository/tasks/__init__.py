"""Tests of the tasks with known truth in `benchmarks.repository_tasks`."""
