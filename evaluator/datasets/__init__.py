"""Problem sets: those of the CURE paper, stored with checksums (`sources/`), and functional ones, converted to problems
over stdin and stdout (`functional/`). `check` tests a set, `show` prints it.

`find_dataset` finds the file of a set by its name or path.
"""

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.sources.store import find_dataset

__all__ = ["DatasetError", "find_dataset"]
