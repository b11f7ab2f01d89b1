"""Extraction, scores and comparisons of what is stored in files or by a run; nothing is generated or executed."""
