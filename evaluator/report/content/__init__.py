"""The content of a report as values: lines, tables, warnings and costs."""
