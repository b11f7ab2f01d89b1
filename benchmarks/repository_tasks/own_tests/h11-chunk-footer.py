import pytest
from h11 import SERVER, Connection, RemoteProtocolError
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from h11._util import LocalProtocolError


def test_other_bytes_after_a_chunk_are_refused():
    buffer = ReceiveBuffer()
    buffer += b"3\r\nxxx__1a\r\n"
    reader = ChunkedReader()
    reader(buffer)
    with pytest.raises(LocalProtocolError):
        reader(buffer)


def test_the_first_wrong_byte_is_refused():
    buffer = ReceiveBuffer()
    buffer += b"3\r\nxxx"
    reader = ChunkedReader()
    reader(buffer)
    buffer += b"_"
    with pytest.raises(LocalProtocolError):
        reader(buffer)


def test_a_return_without_a_newline_is_refused():
    buffer = ReceiveBuffer()
    buffer += b"2\r\nab\r"
    reader = ChunkedReader()
    reader(buffer)
    reader(buffer)
    buffer += b"x"
    with pytest.raises(LocalProtocolError):
        reader(buffer)


def test_two_newlines_are_no_footer():
    buffer = ReceiveBuffer()
    buffer += b"1\r\na\n\n0\r\n\r\n"
    reader = ChunkedReader()
    reader(buffer)
    with pytest.raises(LocalProtocolError):
        reader(buffer)


def test_a_connection_reports_the_wrong_footer():
    connection = Connection(SERVER)
    connection.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxxx__0\r\n\r\n")
    connection.next_event()
    connection.next_event()
    with pytest.raises(RemoteProtocolError):
        connection.next_event()
