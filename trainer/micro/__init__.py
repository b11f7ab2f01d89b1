"""The micro lab: small problems, and a small model that learns on any machine (docs/micro-lab.md)."""
