"""vLLM servers as the engine of a trainer, so that rollouts and updates run on different hosts.

`handover` writes new weights into a shared directory, `host` makes one server load them, `engine` spreads samples over
the servers and keeps old and new weights apart. vLLM is not imported here.
"""
