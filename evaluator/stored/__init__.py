"""Extracts from stored answers, scores and compares stored tables; no model is asked and no program is run."""
