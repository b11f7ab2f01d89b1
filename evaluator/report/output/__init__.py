"""What a report is written as: the page with its details and pictures, Markdown, tables of numbers."""
