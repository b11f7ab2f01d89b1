"""Solves problems: LangGraph graphs over the method, recorded runs, the `cure-agent` command."""
