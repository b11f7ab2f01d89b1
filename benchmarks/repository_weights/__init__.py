"""The weights of the localisation, fitted on fixes in the histories of repositories outside of the benchmark.

A commit that fixes something and its tests says which functions a sentence meant: its message is the task, the
functions that it changes are the places. `mine` finds such commits, `fit` turns the evidence for their symbols into
weights, and measures these on repositories that were left out. `__main__` has the command.
"""
