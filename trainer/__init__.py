"""Trains coder and tester; holds the micro lab: small problems and a small model that show learning anywhere."""
