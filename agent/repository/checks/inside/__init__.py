"""Programs for the interpreter of the project, Python >= 3.8, which it is given as text in the sandbox."""
