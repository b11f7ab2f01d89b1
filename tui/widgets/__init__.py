"""Widgets, each in a file of its own; they show the values of `tui.views`."""
