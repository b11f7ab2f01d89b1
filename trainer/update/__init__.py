"""The steps between execution tables and the loss: advantages, stages, packed rows, loss over their tokens."""
