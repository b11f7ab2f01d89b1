"""Data sets from the hub and from files, stored in the user's data directory."""
