"""Problems and unit tests: what they are (`problem`), and how they are read from files (`file`, `row`, `statement`)."""

from cure.problem.problem import Problem, Submission, TestOrigin, UnitTest, UnlabelledInput

__all__ = ["Problem", "Submission", "TestOrigin", "UnitTest", "UnlabelledInput"]
