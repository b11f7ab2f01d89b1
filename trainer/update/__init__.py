"""From execution tables to the loss: advantages, stages, packed rows, and the loss over their tokens."""
