"""Sources of a run's events for a screen: a recorded folder, one that another process writes, a child process."""
