"""`--dry-run`: what a run would do and the memory it would need, computed without a model and without torch."""
