"""Settings, declared once: a pydantic model's fields become command-line options, TOML keys, environment variables and
the reference page, and every value knows where it came from. Modules are imported by name, so that a command's help can
be listed without pydantic."""
