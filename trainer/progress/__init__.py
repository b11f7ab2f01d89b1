"""Display of the progress of a training run."""
