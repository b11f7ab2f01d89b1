from marshmallow import Schema, fields


def test_constant_none_loads_none():
    schema = Schema.from_dict({"foo": fields.Constant(None)})()
    assert schema.load({"foo": None}) == {"foo": None}


def test_constant_none_has_no_errors():
    schema = Schema.from_dict({"foo": fields.Constant(None)})()
    assert schema.validate({"foo": None}) == {}


def test_constant_none_allows_none():
    assert fields.Constant(None).allow_none is True


def test_constant_none_deserializes_none():
    assert fields.Constant(None).deserialize(None) is None
