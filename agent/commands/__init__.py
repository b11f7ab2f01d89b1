"""The agent's own sub-commands, one file each; imported only when called."""
