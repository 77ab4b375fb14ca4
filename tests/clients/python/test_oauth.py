"""Authlib and requests-oauthlib: a day's work, and all that has to fail."""

import os
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as Authlib
from authlib.oauth2.rfc6749.errors import MismatchingStateException
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url
from oauth_user import CALLBACK, Browser, json2, register, told
from oauthlib.oauth2 import AccessDeniedError, OAuth2Error
from oauthlib.oauth2.rfc6749.errors import MismatchingStateError
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as RequestsOAuthlib

# The tests have no certificate.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


class Client:
    """An application that uses a library; what the library cannot do is asked by hand."""

    name = ""
    # What the library raises for a refusal, and for an answer that carries another state.
    refused = (Exception,)
    mismatch = Exception

    def __init__(self, server, application, method="basic"):
        self.server, self.application, self.method = server, application, method

    def at(self, path):
        return f"{self.server.url}/oauth2/{path}"

    def post(self, path, **form):
        """A request as the same client, by hand."""
        pair = (self.application.client_id, self.application.client_secret)
        if self.method == "basic":
            return requests.post(self.at(path), data=form, auth=pair, timeout=60)
        form |= {"client_id": pair[0], "client_secret": pair[1]}
        return requests.post(self.at(path), data=form, timeout=60)

    def introspect(self, token):
        return self.post("introspect", token=token).json()

    def revoke(self, token):
        return self.post("revoke", token=token)

    def user(self, token):
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(self.at("userinfo"), headers=headers, timeout=60).json()


class ByAuthlib(Client):
    name = "Authlib"
    refused = (OAuthError,)
    mismatch = MismatchingStateException

    def session(self, **options):
        return Authlib(
            self.application.client_id,
            self.application.client_secret,
            token_endpoint_auth_method=f"client_secret_{self.method}",
            revocation_endpoint_auth_method=f"client_secret_{self.method}",
            code_challenge_method="S256",
            redirect_uri=CALLBACK,
            **options,
        )

    def start(self, scope="read", state=None):
        """Where the browser is sent, and what ends the sign-in there."""
        verifier = secrets.token_urlsafe(48)
        session = self.session(scope=scope)
        address, state = session.create_authorization_url(
            self.at("authorize"), state=state, code_verifier=verifier
        )

        def finish(location, verifier=verifier, state=state, redirect_uri=CALLBACK):
            session.redirect_uri = redirect_uri
            more = {"code_verifier": verifier} if verifier else {}
            # The scope comes along, as many clients send it.
            return session.fetch_token(
                self.at("token"),
                authorization_response=location,
                state=state,
                redirect_uri=redirect_uri,
                scope=scope,
                **more,
            )

        return address, finish

    def refresh(self, token, scope=None):
        more = {"scope": scope} if scope else {}
        return self.session().refresh_token(self.at("token"), refresh_token=token, **more)

    def introspect(self, token):
        return self.session().introspect_token(self.at("introspect"), token=token).json()

    def revoke(self, token):
        return self.session().revoke_token(self.at("revoke"), token=token)

    def user(self, token):
        session = self.session(token={"access_token": token, "token_type": "Bearer"})
        return session.get(self.at("userinfo")).json()

    def denied(self, location, finish):
        """It looks for no error: without a code it asks for a token of the application's own."""
        with pytest.raises(OAuthError) as caught:
            finish(location)
        assert caught.value.error == "unsupported_grant_type"


class ByRequestsOAuthlib(Client):
    name = "requests-oauthlib"
    refused = (OAuth2Error,)
    mismatch = MismatchingStateError

    def session(self, **options):
        return RequestsOAuthlib(self.application.client_id, redirect_uri=CALLBACK, **options)

    def start(self, scope="read", state=None):
        session = self.session(scope=scope.split(), pkce="S256")
        address, state = session.authorization_url(self.at("authorize"), state=state)
        made = session._code_verifier

        def finish(location, verifier=made, state=state, redirect_uri=CALLBACK):
            session._code_verifier, session._pkce = verifier, "S256" if verifier else None
            session._state, session.redirect_uri = state, redirect_uri
            return session.fetch_token(
                self.at("token"),
                authorization_response=location,
                client_secret=self.application.client_secret,
                include_client_id=self.method == "post",
                scope=scope,
            )

        return address, finish

    def refresh(self, token, scope=None):
        session = self.session(scope=scope.split() if scope else None)
        pair = (self.application.client_id, self.application.client_secret)
        if self.method == "basic":
            return session.refresh_token(self.at("token"), refresh_token=token, auth=HTTPBasicAuth(*pair))
        own = {"client_id": pair[0], "client_secret": pair[1]}
        return session.refresh_token(self.at("token"), refresh_token=token, **own)

    def user(self, token):
        session = self.session(token={"access_token": token, "token_type": "Bearer"})
        return session.get(self.at("userinfo")).json()

    def denied(self, location, finish):
        with pytest.raises(AccessDeniedError):
            finish(location)


@pytest.fixture(params=[ByAuthlib, ByRequestsOAuthlib], ids=lambda library: library.name)
def library(request):
    return request.param


@pytest.fixture
def client(server, library):
    return library(server, register(server))


def code_of(client, call, *args, **options):
    """The error with which the library says that it was refused."""
    with pytest.raises(client.refused) as caught:
        call(*args, **options)
    return caught.value.error


def signed_in(client, scope="read"):
    address, finish = client.start(scope)
    return finish(Browser(client.server).visit(address).headers["Location"])


def search(server, token):
    return json2(server, "res.partner", "search_read", token, domain=[], fields=["name"], limit=1)


def call_kw(server, token, method, *args):
    params = {"model": "res.partner", "method": method, "args": args, "kwargs": {}}
    body = {"jsonrpc": "2.0", "id": 1, "params": params}
    headers = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{server.url}/web/dataset/call_kw", json=body, headers=headers, timeout=60)


@pytest.mark.parametrize("method", ["basic", "post"])
def test_a_day(server, library, method):
    client = library(server, register(server), method)
    browser = Browser(server)
    address, finish = client.start()
    first = finish(browser.visit(address).headers["Location"])
    assert browser.pages == ["login", "decision"]
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 3600)

    assert len(search(server, first["access_token"]).json()) == 1
    assert call_kw(server, first["access_token"], "search_read", [], ["name"]).json()["result"]
    written = call_kw(server, first["access_token"], "create", {"name": "not with this scope"}).json()
    assert written["error"]["data"]["name"] == "odoo.exceptions.AccessError"
    known = client.introspect(first["access_token"])
    assert (known["active"], known["username"], known["scope"]) == (True, server.clerk, "read")
    assert client.user(first["access_token"])["preferred_username"] == server.clerk

    second = client.refresh(first["refresh_token"], "read")
    names = ("access_token", "refresh_token")
    assert len({pair[name] for pair in (first, second) for name in names}) == 4
    assert search(server, second["access_token"]).status_code == 200

    assert client.revoke(second["refresh_token"]).status_code == 200
    assert client.introspect(second["access_token"]) == {"active": False}
    assert search(server, second["access_token"]).status_code == 401
    assert call_kw(server, second["access_token"], "search_read", [], ["name"]).status_code == 401
    assert code_of(client, client.refresh, second["refresh_token"]) == "invalid_grant"

    # The consent stays: nobody is asked again, whose session is still there.
    address, finish = client.start()
    assert finish(browser.visit(address).headers["Location"])["access_token"]
    assert browser.pages == ["login", "decision"]


@pytest.mark.parametrize("method", ["basic", "post"])
def test_a_wrong_secret(server, library, method):
    application = register(server)
    liar = library(server, application.with_secret("guessed"), method)
    address, finish = liar.start()
    location = Browser(server).visit(address).headers["Location"]
    assert code_of(liar, finish, location) == "invalid_client"
    assert code_of(liar, liar.refresh, "a" * 43) == "invalid_client"
    refused = liar.revoke("a" * 43)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert refused.headers["WWW-Authenticate"].startswith("Basic ")
    assert liar.introspect("a" * 43)["error"] == "invalid_client"


def test_a_code_is_bound_and_good_once(server, library):
    application = register(server, uri_ids=[(0, 0, {"uri": CALLBACK}), (0, 0, {"uri": CALLBACK + "/2"})])
    client, other = library(server, application), library(server, register(server))
    address, finish = client.start()
    location = Browser(server).visit(address).headers["Location"]
    _, finish_of_other = other.start(state=told(location)["state"])
    assert code_of(client, finish, location, verifier=secrets.token_urlsafe(48)) == "invalid_grant"
    assert code_of(client, finish, location, verifier=None) == "invalid_grant"
    assert code_of(client, finish, location, redirect_uri=CALLBACK + "/2") == "invalid_grant"
    assert code_of(other, finish_of_other, location) == "invalid_grant"
    tokens = finish(location)
    assert code_of(client, finish, location) == "invalid_grant"
    assert client.introspect(tokens["access_token"])["active"] is True


@pytest.mark.parametrize("uri", ["https://evil.example/", CALLBACK + "/", CALLBACK.replace("https", "http")])
def test_an_address_that_is_not_registered(client, uri):
    address, _ = client.start()
    changed = requests.Request("GET", address.split("?")[0], params=told(address) | {"redirect_uri": uri})
    answer = Browser(client.server).visit(changed.prepare().url)
    assert (answer.status_code, "Location" in answer.headers) == (400, False)


def test_a_state_comes_back_and_another_one_is_noticed(client):
    state = "+/=%& ü密😀\"<>#?;" * 60 + "x" * 1000
    browser = Browser(client.server)
    address, finish = client.start(state=state)
    location = browser.visit(address, "deny").headers["Location"]
    assert (told(location)["error"], told(location)["state"]) == ("access_denied", state)
    assert "code" not in told(location)
    client.denied(location, finish)

    location = browser.visit(address).headers["Location"]
    # Neither library knows of the issuer: an application that has several compares it itself.
    assert (told(location)["state"], told(location)["iss"]) == (state, client.server.url)
    with pytest.raises(client.mismatch):
        finish(location, state="another")
    assert finish(location)["access_token"]


def test_a_scope_shrinks_and_never_grows(client):
    reader = signed_in(client)
    assert code_of(client, client.refresh, reader["refresh_token"], "read write") == "invalid_scope"
    both = signed_in(client, "read write")
    less = client.refresh(both["refresh_token"], "read")
    known = client.introspect(less["access_token"])
    assert known["scope"] == "read"
    again = client.refresh(less["refresh_token"])
    assert client.introspect(again["access_token"])["scope"] == "read write"


def test_several_nodes_refresh_at_once(client):
    first = signed_in(client)
    with ThreadPoolExecutor(8) as nodes:
        pairs = list(nodes.map(client.refresh, [first["refresh_token"]] * 8))
    assert len({(pair["access_token"], pair["refresh_token"]) for pair in pairs}) == 1
    assert search(client.server, pairs[0]["access_token"]).status_code == 200
    assert client.refresh(pairs[0]["refresh_token"])["access_token"]


def test_a_refresh_token_of_long_ago_ends_its_family(client):
    first = signed_in(client)
    second = client.refresh(first["refresh_token"])
    third = client.refresh(second["refresh_token"])
    assert code_of(client, client.refresh, first["refresh_token"]) == "invalid_grant"
    assert code_of(client, client.refresh, third["refresh_token"]) == "invalid_grant"
    assert search(client.server, third["access_token"]).status_code == 401


def test_another_client_learns_nothing_and_ends_nothing(server, library):
    client, stranger = library(server, register(server)), library(server, register(server))
    tokens = signed_in(client)
    assert stranger.introspect(tokens["access_token"]) == {"active": False}
    assert code_of(stranger, stranger.refresh, tokens["refresh_token"]) == "invalid_grant"
    assert stranger.revoke(tokens["refresh_token"]).status_code == 200
    assert client.introspect(tokens["access_token"])["active"] is True


def test_authlib_finds_the_server_by_its_metadata(server):
    answer = requests.get(get_well_known_url(server.url, external=True, suffix="oauth-authorization-server"), timeout=60)
    metadata = AuthorizationServerMetadata(answer.json())
    assert metadata.issuer == server.url
    # It wants https of each address, which a server behind a proxy has.
    for name in ("response_types_supported", "grant_types_supported", "scopes_supported"):
        getattr(metadata, f"validate_{name}")()
    for name in ("token", "revocation", "introspection"):
        getattr(metadata, f"validate_{name}_endpoint_auth_methods_supported")()
    metadata.validate_code_challenge_methods_supported()


def test_a_refresh_by_itself_when_the_token_is_old(server):
    """Both libraries refresh before a call when the token has expired, and tell whoever keeps it."""
    kept = []
    client = ByAuthlib(server, register(server))
    tokens = signed_in(client)
    session = client.session(
        token=dict(tokens) | {"expires_at": 1},
        token_endpoint=client.at("token"),
        update_token=lambda token, refresh_token: kept.append((token["refresh_token"], refresh_token)),
    )
    assert session.get(client.at("userinfo")).json()["preferred_username"] == server.clerk
    assert [old for _, old in kept] == [tokens["refresh_token"]]
    other = RequestsOAuthlib(
        client.application.client_id,
        token=dict(tokens) | {"refresh_token": kept[0][0], "expires_in": -1, "expires_at": 1},
        auto_refresh_url=client.at("token"),
        auto_refresh_kwargs={
            "client_id": client.application.client_id,
            "client_secret": client.application.client_secret,
        },
        token_updater=kept.append,
    )
    assert other.get(client.at("userinfo")).json()["preferred_username"] == server.clerk
    assert len(kept) == 2


# Habits of clients in the field.


def form_of(client, location, **change):
    form = {"grant_type": "authorization_code", "code": told(location)["code"], "redirect_uri": CALLBACK}
    return form | change


def test_basic_first_and_then_the_body(server):
    """Some send a secret raw in the header, fail, and send it in the body."""
    client = ByRequestsOAuthlib(server, register(server, client_secret="a%2Fb+c d"))
    address, finish = client.start()
    location = Browser(server).visit(address).headers["Location"]
    assert code_of(client, finish, location) == "invalid_client"
    client.method = "post"
    assert finish(location)["access_token"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"},
        {"Accept": "text/html"},
        {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
        {"Content-Type": "Application/X-WWW-Form-URLencoded ;charset=utf-8", "Accept": ""},
    ],
)
def test_headers_of_the_field_change_nothing(server, headers):
    client = ByRequestsOAuthlib(server, register(server))
    session = client.session(scope=["read"])
    address, _ = session.authorization_url(client.at("authorize"))
    form = form_of(client, Browser(server).visit(address).headers["Location"], scope="read")
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | headers
    pair = (client.application.client_id, client.application.client_secret)
    answer = requests.post(client.at("token"), data=form, auth=pair, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_request_in_json_is_refused_clearly(server):
    client = ByRequestsOAuthlib(server, register(server))
    pair = (client.application.client_id, client.application.client_secret)
    for path in ("token", "revoke", "introspect"):
        answer = requests.post(client.at(path), json={"token": "a" * 43}, auth=pair, timeout=60)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
