"""The micro lab: small problems and a small model, on which learning can be seen anywhere (docs/micro-lab.md)."""
