"""Workspaces in containers of Docker, in namespaces made by bubblewrap, or in a plain copy (`trusted`)."""
