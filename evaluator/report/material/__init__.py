"""The material of a report: settings and metrics of the run, facts about problems, answers, the paper's numbers."""
