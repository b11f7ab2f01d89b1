"""Work inside a git repository: from a task in words to a patch with its evidence.

`files` has the values that all other modules exchange. `git` reads a repository and applies patches without touching
anything else, `source` finds the code that a task is about, `edit` turns answers of models into changed files, and
`checks` runs test suites in a sandbox. These four do not import each other.
"""
