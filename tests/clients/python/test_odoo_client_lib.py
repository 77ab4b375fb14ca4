"""A day of work with odoo-client-lib over each of its protocols."""

import datetime
import xmlrpc.client

import odoolib
import pytest
from conftest import MODEL, PIXEL, UNICODE
from odoolib.tools import AuthenticationError, JsonRPCException

PROTOCOLS = ["xmlrpc", "jsonrpc", "json2"]


def connect(server, protocol, login=None, password=None):
    """A password for the first two; the last one takes API keys alone."""
    password = password or (server.api_key if protocol == "json2" else server.password)
    return odoolib.get_connection(
        hostname=server.host,
        protocol=protocol,
        port=server.port,
        database=server.db,
        login=login or server.login,
        password=password,
    )


def tomorrow():
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    return request.param


@pytest.fixture
def applications(server, protocol):
    return connect(server, protocol).get_model(MODEL)


def error_of(protocol, call, *args, **kwargs):
    """The name of the exception, as far as the protocol tells it."""
    with pytest.raises((xmlrpc.client.Fault, JsonRPCException, ValueError)) as caught:
        call(*args, **kwargs)
    if protocol == "xmlrpc":
        assert isinstance(caught.value.faultCode, str)
        return caught.value.faultCode + caught.value.faultString
    return str(caught.value)


def test_log_in(server, protocol):
    connection = connect(server, protocol)
    connection.check_login()
    assert connection.get_user_context()["uid"] == 2
    if protocol == "json2":
        assert connect(server, protocol, password="wrong").check_login() is False
        with pytest.raises(AuthenticationError):
            connect(server, protocol, password=server.password).get_model(MODEL).search_count(domain=[])
    else:
        connect(server, protocol, password=server.api_key).check_login()
        with pytest.raises(AuthenticationError):
            connect(server, protocol, password="wrong").check_login()


def test_a_day(applications, protocol, word):
    lines = [(0, 0, {"uri": "https://one.example/a"}), (0, 0, {"uri": "https://one.example/b"})]
    values = {"name": f"{word} 1", "description": UNICODE, "logo": PIXEL, "uri_ids": lines}
    first = applications.create(values)
    if protocol == "json2":
        assert isinstance(first, list)
        [first] = first
    both = applications.create([{"name": f"{word} 2"}, {"name": f"{word} 3"}])
    ours = [("name", "like", word)]

    # List and filter.
    assert applications.search(ours, 0, False, "name desc") == [both[1], both[0], first]
    assert applications.search(ours, 1, 1, "name") == [both[0]]
    assert applications.search_count(ours) == 3
    assert applications.search_read(ours, ["name"], 0, 1, "name") == [{"id": first, "name": f"{word} 1"}]

    # Read: values, empty values, lines, links.
    record = applications.read(first, ["name", "description", "logo", "uri_ids", "create_uid", "active"])
    assert (record["name"], record["description"]) == (f"{word} 1", UNICODE)
    assert record["logo"].startswith("iVBOR") and len(record["uri_ids"]) == 2
    assert (record["create_uid"], record["active"]) == ([2, "Administrator"], True)
    empty = applications.read(both[0], ["description", "logo", "uri_ids"])
    assert empty == {"id": both[0], "description": False, "logo": False, "uri_ids": []}

    # Change: a field, lines.
    change = {"name": f"{word} one", "uri_ids": [(2, record["uri_ids"][0]), (0, 0, {"uri": "https://one.example/c"})]}
    assert applications.write([first], change) is True
    assert len(applications.read(first, ["uri_ids"])["uri_ids"]) == 2

    # Archive, copy, delete. What gives nothing is a fault after the work is done, in this protocol.
    if protocol == "xmlrpc":
        with pytest.raises(xmlrpc.client.Fault, match="cannot marshal None"):
            applications.action_archive([first])
    else:
        assert not applications.action_archive([first])
    assert applications.search(ours, order="name") == both
    context = {"active_test": False}
    if protocol == "json2":
        assert applications.search_count(domain=ours, context=context) == 3
    else:
        assert applications.search_count(ours, context=context) == 3
    [copied] = applications.copy([both[0]], {"name": f"{word} copy"})
    assert applications.unlink([first, *both, copied]) is True
    assert applications.search(ours) == []


def test_what_is_refused(applications, server, protocol, word):
    assert applications.read([999999999], ["name"]) == []
    assert "MissingError" in error_of(protocol, applications.write, [999999999], {"name": word})
    # Odoo names a broken constraint of any kind UserError in this protocol.
    kind = "UserError" if protocol == "xmlrpc" else "ValidationError"
    assert kind in error_of(protocol, applications.create, {"description": word})
    assert "nope" in error_of(protocol, applications.search, [("nope", "=", 1)])
    if protocol == "xmlrpc":
        # The client itself cannot say it.
        with pytest.raises(OverflowError):
            applications.create({"name": word, "access_token_expiry": 2**40})
    else:
        big = {"name": word, "access_token_expiry": 2**40}
        assert "NumericValueOutOfRange" in error_of(protocol, applications.create, big)
    if protocol == "json2":
        clerk = connect(server, "jsonrpc", server.clerk, server.clerk_password)
        keys = clerk.get_model("res.users.apikeys")
        clerk = connect(server, protocol, password=keys.generate(name=word, expiration_date=tomorrow()))
    else:
        clerk = connect(server, protocol, server.clerk, server.clerk_password)
    assert "AccessError" in error_of(protocol, clerk.get_model(MODEL).create, {"name": word})
    assert applications.search_count([("name", "=", word)]) == 0
