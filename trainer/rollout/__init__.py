"""Samples the answers to a step's tasks and runs their programs, which gives the execution tables."""
