"""Backends, which confine programs: containers of Docker, namespaces made by bubblewrap, or nothing (`trusted`)."""
