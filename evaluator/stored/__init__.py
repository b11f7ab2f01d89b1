"""Extraction from stored answers, scores and comparisons of stored tables; nothing is generated or executed."""
