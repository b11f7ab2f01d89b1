"""Finds the models that can be used on this machine, each with the value of `--model` that names it."""
