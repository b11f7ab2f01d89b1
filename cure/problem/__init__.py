"""Problems and unit tests: what they are (`problem`), and how they are read from files (`file`, `row`, `statement`)."""

from cure.problem.problem import Problem, TestOrigin, UnitTest

__all__ = ["Problem", "TestOrigin", "UnitTest"]
