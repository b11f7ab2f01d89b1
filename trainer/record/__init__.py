"""What a run leaves on disk: configuration, journals, metrics, checkpoints, and metrics sent to trackers."""
