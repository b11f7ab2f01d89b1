"""Whether the ways to run a program agree with each other and with recorded verdicts of others' programs."""
