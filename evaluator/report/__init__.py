"""Writes the report of an evaluation: one HTML file that needs no network, and Markdown, tables and pictures beside it.

`write.write_report` reads a run (`material`), says what to beware of (`remarks`), draws (`pictures`), packs each
problem for the browser (`details`) and fills the page (`page`, `template/`). Nothing is generated or executed.
"""
