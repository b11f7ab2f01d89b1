"""Execution tables of real models, with outputs, and with what the hidden tests say kept apart."""
