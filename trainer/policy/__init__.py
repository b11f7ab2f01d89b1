"""The weights that are trained: what they think of tokens, and one optimiser step after another.

`protocol` is what the loop needs. `torch_policy` trains with plain torch, `deepspeed_policy` with ZeRO; both give the
same numbers.
"""
