"""Problem sets: the paper's, kept here with their checksums, and functional sets made into stdin/stdout ones.

`find_dataset` is what the rest of the evaluator needs: a set's name or a file, and back comes a file.
"""

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.sources.store import find_dataset

__all__ = ["DatasetError", "find_dataset"]
