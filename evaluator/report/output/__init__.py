"""The files of a report: the page with its details and pictures, Markdown, tables of numbers."""
