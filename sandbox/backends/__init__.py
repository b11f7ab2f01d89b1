"""Backends that confine programs: Docker containers, bubblewrap's namespaces, or no confinement (`trusted`)."""
