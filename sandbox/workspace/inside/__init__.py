"""What runs inside a workspace's jail, or while the jail is made: with the standard library alone."""
