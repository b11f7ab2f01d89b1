"""The trained policy: log-probabilities of tokens, and optimiser steps.

`policy` is what the loop uses and both back ends share. `torch_policy` trains with plain torch, `deepspeed_policy` with
ZeRO; both give equal numbers up to rounding.
"""
