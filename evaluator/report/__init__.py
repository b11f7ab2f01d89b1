"""Writes the report of an evaluation: one HTML file that needs no network, and Markdown, tables and pictures beside it.

`write.write_report` reads a run (`material/`), decides what is said of it (`content/`) and writes files (`output/`).
Nothing is generated or executed.
"""
