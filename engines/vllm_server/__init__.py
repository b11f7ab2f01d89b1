"""vLLM's own server as the engine of a trainer: rollouts on other hosts than updates.

`handover` writes new weights into a directory that both sides see, `host` makes one server take them, `engine` spreads
samples over the servers and keeps old and new weights apart. Nothing of vLLM is imported here.
"""
