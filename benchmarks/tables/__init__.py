"""Execution tables of real models, with outputs; outcomes of hidden tests are apart from what a selector may read."""
