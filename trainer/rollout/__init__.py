"""Samples the answers of a step and runs their programs: from tasks to execution tables."""
