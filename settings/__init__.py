"""Settings, declared once: a pydantic model's fields become command-line options, TOML keys, environment variables and
the reference page, and the origin of every value is recorded. This package imports none of its modules, so
that a command's help can be listed without loading pydantic."""
