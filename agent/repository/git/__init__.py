"""Git without harm: a snapshot of the tree as it is, patches against it, their application, undo and redo.

Two rules make a hostile or a precious repository safe. Git is never asked to read or write a file of the working tree:
this package does that itself, byte for byte, so that no filter, no conversion of line ends and no hook has a say. And
whatever can be computed from objects alone is computed in a private git directory over the repository's object
database, where the repository's own configuration and attributes do not exist.

What is kept lies in the repository's object database under `refs/cure-agent/<run>/`: `base` (the snapshot), `applied`
or `undone` (what undo and redo need), `writing` while files are being written, `worktree` while there is one.

Read first `opened` (which repository), `snapshot` (the tree as it is), `patch` and `hunks`, `worktree` (where tests
run), `applying` (apply, undo, redo), `branching` (a commit instead), `expiry` (what a run begins with).
"""
