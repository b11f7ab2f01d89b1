"""The material of a report: a run's settings and metrics, facts about problems, answers, the CURE paper's numbers."""
