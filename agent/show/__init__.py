"""What a person sees of a run: the table as a coloured grid, the choice and why, progress while it works."""
