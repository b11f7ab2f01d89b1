"""Settings, declared once: a pydantic model's fields become command-line options, TOML keys, environment variables and
the reference page, and the origin of every value is recorded. `import settings` loads none of the package's modules, so
that commands can be listed without loading pydantic."""
