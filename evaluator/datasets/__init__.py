"""Problem sets: those of the paper, stored with checksums (`sources/`), and functional ones, converted to problems over
stdin and stdout (`functional/`). `check` tests a set, `show` prints it.

Other parts of the evaluator use only `find_dataset`, which finds the file of a set by its name or path.
"""

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.sources.store import find_dataset

__all__ = ["DatasetError", "find_dataset"]
