"""The trained policy: log-probabilities of tokens, and optimiser steps.

`protocol` is what the loop needs. `torch_policy` trains with plain torch, `deepspeed_policy` with ZeRO; both give the
same numbers.
"""
