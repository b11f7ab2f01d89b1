"""What a report is made from: the run, its tables and answers, what the set says, and the paper's numbers."""
