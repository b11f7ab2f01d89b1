"""Third-party programs with recorded verdicts, to compare ways of running programs; for benchmarks and tests."""
