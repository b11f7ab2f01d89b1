"""The method: problems, prompts, extraction, the execution table, comparison, selection, metrics, rewards.

CURE, arXiv 2506.03136. Candidates meet tests in the sandbox; everything else is read from the resulting table.
"""
