"""What a report says, as values: its lines, tables, remarks and costs."""
