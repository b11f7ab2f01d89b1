import math
from decimal import Decimal

import parse


def test_decimals_may_have_a_sign():
    assert parse.parse("{:F}", "-1.5").fixed == (Decimal("-1.5"),)


def test_floats_may_be_nan():
    assert math.isnan(parse.parse("{:f}", "nan").fixed[0])


def test_floats_may_be_negative_infinity():
    assert parse.parse("{:f}", "-inf").fixed == (-math.inf,)


def test_upper_case_exponent():
    assert parse.parse("{:E}", "1.5E+3").fixed == (1500.0,)


def test_upper_case_general_format():
    assert parse.parse("{:G}", "2.5").fixed == (2.5,)


def test_upper_case_hexadecimal():
    assert parse.parse("{:X}", "1F").fixed == (31,)
