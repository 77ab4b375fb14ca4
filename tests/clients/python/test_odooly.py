"""A day of work with odooly: the web client's routes with a session, and JSON-RPC."""

import time
from unittest import mock

import pytest
from conftest import MODEL, PIXEL, UNICODE

# The published version chooses its transport by the parity of the clock: here always the standard library's.
with mock.patch.object(time, "time_ns", return_value=1):
    import odooly


def test_the_transport_is_pinned():
    assert odooly.requests is None


@pytest.fixture(params=["web", "jsonrpc"])
def client(request, server):
    url = server.url if request.param == "web" else f"{server.url}/jsonrpc"
    return odooly.Client(url, server.db, server.login, server.password)


def error_of(call, *args, **kwargs):
    with pytest.raises(odooly.ServerError) as caught:
        call(*args, **kwargs)
    return caught.value.args[0]["data"]["name"]


def test_log_in(server):
    client = odooly.Client(server.url, server.db)
    assert client.server_version == "18.0"
    with pytest.raises(odooly.Error):
        client.login(server.login, "wrong")
    env = client.login(server.login, server.password)
    assert client.env.uid == 2
    assert client.env.user.login == server.login
    assert env is None or env


def test_a_day(client, word):
    applications = client.env[MODEL]
    lines = [(0, 0, {"uri": "https://one.example/a"}), (0, 0, {"uri": "https://one.example/b"})]
    first = applications.create({"name": f"{word} 1", "description": UNICODE, "logo": PIXEL, "uri_ids": lines})
    other = applications.create({"name": f"{word} 2"})
    ours = [f"name like {word}"]

    # List and filter.
    assert applications.search(ours, order="name desc").id == [other.id, first.id]
    assert applications.search_count(ours) == 2
    assert applications.search(ours, offset=1, limit=1, order="name").name == [f"{word} 2"]
    assert applications.read(ours, "name", order="name") == [f"{word} 1", f"{word} 2"]

    # Read: values, empty values, lines, links.
    assert (first.name, first.description) == (f"{word} 1", UNICODE)
    assert first.logo.startswith("iVBOR")
    assert sorted(first.uri_ids.uri) == ["https://one.example/a", "https://one.example/b"]
    assert first.create_uid.login == "admin"
    assert (other.description, other.logo, len(other.uri_ids)) == (False, False, 0)

    # Change: a field, lines.
    first.name = f"{word} one"
    first.write({"uri_ids": [(2, first.uri_ids.id[0]), (0, 0, {"uri": "https://one.example/c"})]})
    assert applications.get(first.id).name == f"{word} one"
    assert len(applications.get(first.id).uri_ids) == 2

    # Archive, copy, delete.
    assert first.action_archive() is None
    assert applications.search(ours).id == [other.id]
    assert applications.with_context(active_test=False).search_count(ours) == 2
    assert first.action_unarchive() is None
    copied = first.copy()
    assert copied.id not in (first.id, other.id)
    assert applications.search(ours).unlink() is True
    copied.unlink()
    assert applications.search_count(ours) == 0


def test_what_the_library_asks_for_itself(client):
    assert MODEL in client.env.models("oregional")
    assert client.env.ref("base.user_admin").id == 2
    assert client.env[MODEL].access("write") is True
    assert client.env["res.users"].browse(2).get_metadata()[0]["id"] == 2


def test_what_is_refused(client, server, word):
    applications = client.env[MODEL]
    assert applications.browse([999999999]).read(["name"]) in ([], [False])
    assert error_of(applications.browse(999999999).write, {"name": word}) == "odoo.exceptions.MissingError"
    assert error_of(applications.create, {"description": word}) == "odoo.exceptions.ValidationError"
    big = {"name": word, "access_token_expiry": 2**40}
    assert error_of(applications.create, big) == "psycopg2.errors.NumericValueOutOfRange"
    assert error_of(client.env.execute, MODEL, "search", [("nope", "=", 1)]) == "builtins.ValueError"
    clerk = odooly.Client(server.url, server.db, server.clerk, server.clerk_password)
    assert error_of(clerk.env[MODEL].create, {"name": word}) == "odoo.exceptions.AccessError"
    assert applications.search_count([f"name = {word}"]) == 0
