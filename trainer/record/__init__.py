"""What a run leaves on disk: configuration, journals, metrics, checkpoints, and what trackers are told."""
