"""A day of work with OdooRPC: JSON-RPC with a password in every call."""

import odoorpc
import pytest
from conftest import MODEL, PIXEL, UNICODE


@pytest.fixture
def odoo(server):
    client = odoorpc.ODOO(server.host, port=server.port)
    client.login(server.db, server.login, server.password)
    return client


def error_of(call, *args, **kwargs):
    with pytest.raises(odoorpc.error.RPCError) as caught:
        call(*args, **kwargs)
    assert caught.value.args[0] == caught.value.info["data"]["message"]
    return caught.value.info["data"]["name"]


def test_log_in(server):
    client = odoorpc.ODOO(server.host, port=server.port)
    assert client.version == "18.0"
    assert client.db.list() == [server.db]
    for password in (server.password, server.api_key):
        client.login(server.db, server.login, password)
        assert client.env.uid == 2
        assert client.env.context["lang"] == "en_US"
        assert client.env.user.login == server.login
        client.logout()
    with pytest.raises(odoorpc.error.RPCError):
        client.login(server.db, server.login, "wrong")
    with pytest.raises(odoorpc.error.RPCError):
        client.login("no_such_database", server.login, server.password)


def test_a_day(odoo, word):
    applications = odoo.env[MODEL]
    lines = [(0, 0, {"uri": "https://one.example/a"}), (0, 0, {"uri": "https://one.example/b"})]
    first = applications.create({"name": f"{word} 1", "description": UNICODE, "logo": PIXEL, "uri_ids": lines})
    both = applications.create([{"name": f"{word} 2"}, {"name": f"{word} 3"}])
    assert isinstance(first, int)
    ours = [("name", "like", word)]

    # List and filter.
    assert applications.search(ours, order="name desc") == [both[1], both[0], first]
    assert applications.search(ours, offset=1, limit=1, order="name") == [both[0]]
    assert applications.search_count(ours) == 3
    assert applications.search([("id", "=", str(first))]) == [first]
    found = applications.search_read(ours + [("uri_ids.uri", "=like", "%/a")], ["name"])
    assert found == [{"id": first, "name": f"{word} 1"}]

    # Read: values, empty values, lines, links.
    record = applications.browse(first)
    assert record.name == f"{word} 1"
    assert record.description == UNICODE
    assert record.logo == PIXEL or record.logo.startswith("iVBOR")
    assert sorted(line.uri for line in record.uri_ids) == ["https://one.example/a", "https://one.example/b"]
    assert record.create_uid.id == 2
    empty = applications.browse(both[0])
    assert (empty.description, empty.logo, list(empty.uri_ids)) == (False, False, [])

    # Change: a field, lines.
    record.name = f"{word} one"
    line = record.uri_ids.ids[0]
    record.write({"uri_ids": [(2, line), (0, 0, {"uri": "https://one.example/c"})]})
    assert applications.read(first, ["name"])[0]["name"] == f"{word} one"
    assert len(applications.read([first], ["uri_ids"])[0]["uri_ids"]) == 2

    # Archive, copy, delete.
    assert applications.action_archive([first]) is None
    assert applications.search(ours) == both
    assert applications.with_context(active_test=False).search_count(ours) == 3
    assert applications.action_unarchive([first]) is None
    copied = applications.copy([first])
    assert len(copied) == 1 and copied[0] not in [first, *both]
    assert applications.unlink([first, *both, *copied]) is True
    assert applications.search(ours) == []


def test_what_the_library_asks_for_itself(odoo):
    assert MODEL in odoo.env
    assert "no.model" not in odoo.env
    assert odoo.env.ref("base.user_admin").id == 2
    defaults = odoo.env[MODEL].browse(False)
    assert defaults.active is True
    fields = odoo.execute(MODEL, "fields_get", ["name", "uri_ids"], ["type", "relation"])
    assert fields["name"]["type"] == "char"
    assert fields["uri_ids"]["relation"] == "oregional.application.uri"


def test_what_is_refused(odoo, server, word):
    applications = odoo.env[MODEL]
    assert applications.read([999999999]) == []
    with pytest.raises(ValueError):
        applications.browse(999999999).name
    assert error_of(applications.write, [999999999], {"name": word}) == "odoo.exceptions.MissingError"
    assert error_of(applications.create, {"description": word}) == "odoo.exceptions.ValidationError"
    assert error_of(applications.write, [1], {"nope": 1}) == "builtins.ValueError"
    assert error_of(applications.search, [("nope", "=", 1)]) == "builtins.ValueError"
    assert error_of(odoo.execute, "no.model", "search", []) == "odoo.exceptions.UserError"
    big = {"name": word, "access_token_expiry": 2**40}
    assert error_of(applications.create, big) == "psycopg2.errors.NumericValueOutOfRange"
    clerk = odoorpc.ODOO(server.host, port=server.port)
    clerk.login(server.db, server.clerk, server.clerk_password)
    assert error_of(clerk.env[MODEL].create, {"name": word}) == "odoo.exceptions.AccessError"
    assert odoo.execute_kw(MODEL, "search_count", [[("name", "=", word)]], {}) == 0
