"""Text output for people: the execution table as a grid, the explanation of the choice, progress of a solve."""
