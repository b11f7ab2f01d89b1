from simpleeval import EvalWithCompoundTypes, simple_eval


def test_a_list_as_a_keyword_argument():
    assert simple_eval("f(boo=x)", functions={"f": lambda boo: boo}, names={"x": [1, 2]}) == [1, 2]


def test_a_list_as_a_positional_argument():
    assert simple_eval("f(x)", functions={"f": len}, names={"x": [1, 2]}) == 2


def test_a_dictionary_as_an_argument():
    assert simple_eval("f(boo=x)", functions={"f": lambda boo: boo["k"]}, names={"x": {"k": 3}}) == 3


def test_a_set_as_an_argument():
    assert simple_eval("f(x)", functions={"f": sorted}, names={"x": {3, 1}}) == [1, 3]


def test_a_tuple_that_holds_a_list():
    assert simple_eval("f(x)", functions={"f": lambda x: x[0]}, names={"x": ([1],)}) == [1]


def test_a_name_whose_value_is_a_tuple_with_a_list():
    assert EvalWithCompoundTypes(names={"x": ([1], 2)}).eval("x[1]") == 2


def test_an_attribute_that_is_a_list():
    class Box:
        def __init__(self):
            self.items = [4]

    assert simple_eval("f(b.items)", functions={"f": len}, names={"b": Box()}) == 1
