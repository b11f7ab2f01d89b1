"""What a screen shows of a run, as plain values: made of the state of a run and its table, without any widget."""
