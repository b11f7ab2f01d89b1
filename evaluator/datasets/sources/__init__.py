"""Where data sets come from and where they are kept: the hub, files, and the user's data directory."""
