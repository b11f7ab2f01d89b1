"""Terminal screens over the agent's runs."""
