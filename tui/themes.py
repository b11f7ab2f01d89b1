"""The colours of the screens. Passed is blue and failed orange, which colour-blind people tell apart."""

from __future__ import annotations

from dataclasses import replace

from textual.theme import Theme

DARK = Theme(
    name="dark",
    primary="#5fb0ff",
    secondary="#8fd3c8",
    accent="#5fb0ff",
    success="#5fb0ff",
    warning="#e5c453",
    error="#f2994a",
    foreground="#e3e6ea",
    background="#14171c",
    surface="#1b1f26",
    panel="#3a4250",
    dark=True,
)
LIGHT = Theme(
    name="light",
    primary="#0b5fb3",
    secondary="#17695d",
    accent="#0b5fb3",
    success="#0b5fb3",
    warning="#7a5c00",
    error="#b34700",
    foreground="#1d2126",
    background="#fbfbf9",
    surface="#f1f1ed",
    panel="#c9c9c2",
    dark=False,
)
ANSI = Theme(
    name="ansi",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_cyan",
    success="ansi_blue",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    dark=True,
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_blue",
        "border-blurred": "ansi_bright_black",
        "block-cursor-foreground": "ansi_black",
        "block-cursor-background": "ansi_cyan",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-foreground": "ansi_cyan",
        "block-cursor-blurred-background": "ansi_default",
        "block-cursor-blurred-text-style": "bold",
        "block-hover-background": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-cursor-background": "ansi_default",
        "input-cursor-foreground": "ansi_default",
        "input-selection-background": "ansi_blue",
        "input-selection-foreground": "ansi_default",
        "screen-selection-background": "ansi_blue",
        "screen-selection-foreground": "ansi_default",
        "scrollbar": "ansi_blue",
        "scrollbar-hover": "ansi_blue",
        "scrollbar-active": "ansi_cyan",
        "scrollbar-background": "ansi_default",
        "scrollbar-background-hover": "ansi_default",
        "scrollbar-background-active": "ansi_default",
        "scrollbar-corner-color": "ansi_default",
    },
)
"""Colours of the terminal's palette alone; the cursor is black on cyan, which is read on dark and light ones."""
PLAIN = replace(ANSI, name="plain", variables={**ANSI.variables, "block-cursor-text-style": "bold underline"})
"""For NO_COLOR: all colours are taken out, so the cursor is underlined text."""
THEMES = (DARK, LIGHT, ANSI)
