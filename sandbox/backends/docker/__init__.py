"""Jails that are containers of a Docker engine, local or remote, reached through the engine's API."""
