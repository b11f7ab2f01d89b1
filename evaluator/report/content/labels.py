"""Labels and meanings of the measures in a report, in the order they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cure.extract import Reason
from cure.plain import visible

GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Coder": {
        "code_accuracy_macro": ("Code accuracy", "right programs, mean over problems"),
        "code_accuracy_pooled": ("Code accuracy, pooled", "right programs of all programs"),
        "hidden_tests_passed_macro": ("Hidden tests passed", "mean over problems"),
        "hidden_tests_passed_pooled": ("Hidden tests passed, pooled", "of all executions of hidden tests"),
        "wrong_passing_used_tests": (
            "Wrong, but taken for right",
            "programs that pass all hidden tests used, of those that fail a stored hidden test",
        ),
        "program_extraction_failures": ("Programs not extracted", "of programs requested"),
    },
    "Tester": {
        "ut_accuracy_reference_requested": (
            "Test accuracy",
            "tests the reference solution passes, of tests requested; a test not extracted counts as wrong",
        ),
        "ut_accuracy_reference_extracted": (
            "Test accuracy, of extracted tests",
            "tests the reference solution passes, of tests extracted",
        ),
        "ut_new_reference_requested": (
            "Right and new",
            "tests the reference solution passes whose input is that of no public example, of tests requested",
        ),
        "ut_repeat_reference_requested": (
            "Right, but a public example again",
            "tests the reference solution passes whose input is that of a public example, of tests requested",
        ),
        "repeated_examples": ("Public examples again", "tests with the input of a public example, of tests requested"),
        "distinct_inputs": ("Distinct inputs", "different inputs of each problem's tests, of tests requested"),
        "ut_accuracy_estimate_extracted": (
            "Test accuracy, estimate",
            "tests every right program passes, on problems with a right program; as the release estimates it",
        ),
        "ut_accuracy_estimate_requested": (
            "Test accuracy, estimate, of requested tests",
            "tests every right program passes, of tests requested; a test not extracted counts as wrong",
        ),
        "ut_estimate_agreement": (
            "Estimate agrees with reference",
            "tests on which both agree, of tests that both judge",
        ),
        "p_u": ("p_u", "right tests, by the estimate"),
        "p_01": ("p_01", "pairs of wrong program and right test that pass; low is good"),
        "p_00": ("p_00", "pairs of wrong program and wrong test that pass; low is good"),
        "mu": ("mu", "p_u (1 - p_01) - (1 - p_u) p_00: more tests help if it is above 0"),
        "kill_rate_pairs": (
            "Kill rate, pairs",
            "pairs of a wrong program and a test that the reference passes, in which the program fails",
        ),
        "kill_rate_programs": ("Kill rate, programs", "wrong programs rejected by some test that the reference passes"),
        "far_test": ("False acceptance, a test", "wrong programs a test accepts"),
        "frr_test": ("False rejection, a test", "right programs a test rejects"),
        "f1_test": ("F1, a test", "F1 of one test as a classifier that accepts right programs"),
        "far_suite": ("False acceptance, a suite", "wrong programs that all tests together accept"),
        "frr_suite": ("False rejection, a suite", "right programs that some test rejects"),
        "f1_suite": ("F1, a suite", "F1 of all tests together as a classifier that accepts right programs"),
        "pool_suite_tpr": ("Pool: right programs accepted", "of labelled programs, by all tests together"),
        "pool_suite_tnr": ("Pool: wrong programs rejected", "of labelled programs, by all tests together"),
        "duplicate_inputs": ("Duplicate inputs", "tests with the input of an earlier test of the problem"),
        "test_extraction_failures": ("Tests not extracted", "of tests requested"),
    },
}
COMPARISONS = {
    "tokens": "whitespace tokens are equal; where a decimal is expected, numbers within 1e-6",
    "release": "whitespace tokens are equal, character by character",
    "lines": "lines are equal, but for blanks at their ends and empty lines at the end",
    "float": "tokens are equal, numbers within 1e-6",
    "case-insensitive": "tokens are equal, but for upper and lower case",
    "unordered-lines": "the same lines, in any order",
    "unordered-tokens": "the same tokens, in any order",
    "checker": "a program of the problem accepts the output",
}
"""When each comparison accepts an output; `float(...)` and `validator(...)` are left out, as their names say enough."""
RELEASE = {
    "code_acc": "code acc",
    "code_accumulate_acc": "code accumulate acc",
    "ut_acc": "estimated unit test acc",
    "ut_accumulate_acc": "estimated unit test accumulate acc",
    "p_01": "estimated p_01",
    "p_00": "estimated p_00",
}
"""The words that CURE's released code prints before each number, by the number's name in metrics.json."""


def grouped(names: Iterable[str]) -> dict[str, dict[str, tuple[str, str]]]:
    """Label and meaning of these measures, by group and name; groups without any of them are empty.

    `pass_at_K`, for any number K, and unknown measures, which are labelled by their names, belong to the group `Coder`.
    """
    rest = list(names)
    groups: dict[str, dict[str, tuple[str, str]]] = {}
    for group, members in GROUPS.items():
        groups[group] = {name: members[name] for name in members if name in rest}
    known = {name for members in GROUPS.values() for name in members}
    for name in rest:
        if name not in known:
            number = name.removeprefix("pass_at_")
            at_k = (f"pass@{number}", f"some program of {number} is right")
            groups["Coder"][name] = at_k if number != name else (name, "")
    return groups


def failure_words(reason: str) -> str:
    """The reason why nothing was extracted, in words; an unknown reason as it is, with control characters escaped."""
    try:
        return Reason(reason).words
    except ValueError:
        return visible(reason)
