"""Multi-perspective self-consistency (MPSC, arXiv 2309.17272): solutions, specifications and test cases of a model that
agree with each other support each other.

`specifications` makes the program that asks a specification about inputs and outputs, `graph` scores by agreement.
"""
