"""Writes the report of an evaluation: one HTML file that needs no network, and Markdown, tables and pictures beside it.

`write.write_report` reads a run (`material/`), computes the content of its report (`content/`) and writes files
(`output/`). No model is asked and no program is run.
"""
