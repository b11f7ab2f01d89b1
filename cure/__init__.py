"""The method: problems, prompts, extraction, the execution table, comparison, selection, metrics, rewards.

CURE, arXiv 2506.03136. Candidates run on tests in the sandbox; everything else is computed from the resulting table.
"""
