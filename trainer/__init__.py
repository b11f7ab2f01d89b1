"""Trains coder and tester; holds the micro lab, a family of small problems and a small model that show learning anywhere."""
