"""New inputs made without a model, on which programs that agree on all tests may differ.

`infer` finds what the known inputs of a problem have in common, a `shape` of `line`s; `bounds` says how large
numbers may be; `changes` has small changes of values, `make` makes new inputs by them. `generated` is about inputs of a
generator, which a model wrote.
"""

from cure.inputs.make import new_inputs

__all__ = ["new_inputs"]
