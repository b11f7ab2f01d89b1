"""Terminal screens for the agent's runs; there are none yet."""
