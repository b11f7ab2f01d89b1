"""Code that runs inside a workspace's jail, or while the jail is made; it imports the standard library alone."""
