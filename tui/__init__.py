"""The terminal UI over the agent's runs: `cure-agent tui`.

The process of the screens only reads run folders, through a source (`tui.sources`). Solves run in a child process
(`tui.solving`), so that nothing on the screen waits for a model, and a screen that is killed leaves a run that can be
resumed. Views (`tui.views`) are what a screen shows, made of a run's state without Textual; widgets (`tui.widgets`)
draw views; screens (`tui.screens`) put widgets together. Textual is imported only when the command is called.
"""
