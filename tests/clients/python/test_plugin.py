"""The Confluence plugin as it speaks: parameters in the query of a POST, addresses encoded twice, odd headers,
and several nodes that share the tokens of a user."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, quote_plus

import pytest
import requests
from conftest import PIXEL, UNICODE
from oauth_user import CALLBACK, Browser, json2, register, told

# A callback with a query, as the plugin has.
OWN_CALLBACK = CALLBACK + "?space=DS"
HEADERS = {
    "Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
    "User-Agent": "Java/11.0.20",
    "Connection": "keep-alive",
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
}


class Plugin:
    """One node of a Confluence. Nodes share the application and what was stored of a user."""

    def __init__(self, server, application=None, **values):
        self.server = server
        self.application = application or register(server, uri_ids=[(0, 0, {"uri": OWN_CALLBACK})], **values)

    def send(self, verb, path, parameters, authorization=None):
        """Parameters stand in the address, whichever verb it is."""
        query = "&".join(f"{name}={quote_plus(str(value))}" for name, value in parameters.items())
        headers = HEADERS | ({"Authorization": authorization} if authorization else {})
        url = f"{self.server.url}/orestapi/{path}?{query}"
        return requests.request(verb, url, headers=headers, allow_redirects=False, timeout=60)

    def code(self, browser):
        twice = quote(quote(OWN_CALLBACK, safe=""), safe="")
        query = f"response_type=code&client_id={self.application.client_id}&redirect_uri={twice}&state=7"
        back = browser.visit(f"/orestapi/oauth2/authorization?{query}").headers["Location"]
        assert back.startswith(OWN_CALLBACK + "&")
        assert (told(back)["space"], told(back)["state"]) == ("DS", "7")
        return told(back)["code"]

    def exchange(self, code, **change):
        own = {"client_id": self.application.client_id, "client_secret": self.application.client_secret}
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": OWN_CALLBACK} | own | change
        return self.send("POST", "oauth2/access_token", form, "OAuth realm=\"wiki\"")

    def sign_in(self, browser):
        answer = self.exchange(self.code(browser))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh(self, token):
        pair = f"{self.application.client_id}:{self.application.client_secret}".encode()
        form = {"grant_type": "refresh_token", "refresh_token": token}
        basic = "Basic " + base64.b64encode(pair).decode()
        return self.send("POST", "oauth2/access_token", form, basic)

    def get(self, path, token, **parameters):
        return self.send("GET", path, parameters, f"Bearer {token}")


def body(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].startswith("application/json")
    return answer.json()


def refusal(answer):
    assert answer.status_code == 401, answer.text
    assert "Location" not in answer.headers and answer.json()["orestapi_message"]
    return answer.json()["orestapi_code"]


GONE = "OrestapiApplicationGetModel-0010"
NOT_GOOD = "OrestapiOauth2AccessToken-0205"


@pytest.fixture
def plugin(server):
    return Plugin(server)


def of_administrator(server):
    return Browser(server, server.login, server.password)


def call(browser, model, method, *args):
    """A method as the user of a browser."""
    params = {"model": model, "method": method, "args": args, "kwargs": {}}
    request = {"jsonrpc": "2.0", "id": 1, "params": params}
    return browser.session.post(f"{browser.server.url}/web/dataset/call_kw", json=request, timeout=60).json()


def grants_of(browser, plugin):
    domain = [("application_id", "=", plugin.application.id)]
    return call(browser, "oregional.authorization", "search", domain)["result"]


def test_a_walk_through_everything(server, plugin):
    assert body(plugin.send("GET", "version", {}))["orestapi_version"] == "1.6.4"
    browser = Browser(server)
    tokens = plugin.sign_in(browser)
    assert sorted(tokens) == ["access_token", "expires_in", "refresh_token", "token_type"]
    access = tokens["access_token"]
    assert "res.partner" in [model["model"] for model in body(plugin.get("application/model", access))]
    header, data = body(plugin.get("record/name_search", access, model="res.partner", name="", limit=5, offset=0))
    assert header["header"]["count"] == len(data["data"]) >= 1
    ids = json.dumps([row["id"] for row in data["data"]])
    _, rows = body(plugin.get("record/read", access, model="res.partner", ids=ids, fields='["display_name"]'))
    assert sorted(rows["data"], key=lambda row: row["id"]) == sorted(data["data"], key=lambda row: row["id"])
    fields = body(plugin.get("model/field", access, model="res.partner", names='["name"]', data='["name","ttype"]'))
    assert [(field["name"], field["ttype"]) for field in fields] == [("name", "char")]


def test_nodes_share_the_tokens_of_a_user(server, plugin):
    nodes = [Plugin(server, plugin.application) for _ in range(6)]
    first = plugin.sign_in(Browser(server))
    with ThreadPoolExecutor(len(nodes)) as pool:
        answers = list(pool.map(lambda node: body(node.refresh(first["refresh_token"])), nodes))
    pairs = {(answer["access_token"], answer["refresh_token"]) for answer in answers}
    assert len(pairs) == 1
    [(access, refresh)] = pairs
    with ThreadPoolExecutor(len(nodes)) as pool:
        for answer in pool.map(lambda node: node.get("application/model", access), nodes):
            body(answer)
    assert body(nodes[3].refresh(refresh))["access_token"]
    # Nobody waits for the first one any more: whoever uses it is no node.
    assert refusal(nodes[0].refresh(first["refresh_token"])) == NOT_GOOD


def test_revoked_by_the_user_by_the_administrator_for_many_at_once(server, plugin):
    browser, office = Browser(server), of_administrator(server)
    mine, theirs = plugin.sign_in(browser), plugin.sign_in(office)
    own = grants_of(browser, plugin)
    assert len(own) == 1 and len(grants_of(office, plugin)) == 2
    assert "error" not in call(browser, "oregional.authorization", "action_revoke_tokens", own)
    assert refusal(plugin.get("application/model", mine["access_token"])) == GONE
    assert refusal(plugin.refresh(mine["refresh_token"])) == NOT_GOOD
    body(plugin.get("application/model", theirs["access_token"]))

    again = plugin.sign_in(browser)
    foreign = [grant for grant in grants_of(office, plugin) if grant not in own]
    refused = call(browser, "oregional.authorization", "action_revoke_tokens", foreign)
    assert refused["error"]["data"]["name"].startswith("odoo.exceptions.")
    body(plugin.get("application/model", theirs["access_token"]))
    call(office, "oregional.authorization", "action_revoke_tokens", grants_of(office, plugin))
    for tokens in (again, theirs):
        assert refusal(plugin.get("application/model", tokens["access_token"])) == GONE
        assert refusal(plugin.refresh(tokens["refresh_token"])) == NOT_GOOD


def test_a_new_secret_ends_refreshing_and_nothing_else(server, plugin):
    tokens = plugin.sign_in(Browser(server))
    waiting = plugin.code(Browser(server))
    changed = {"client_secret": "a new secret"}
    json2(server, "oregional.application", "write", ids=[plugin.application.id], vals=changed)
    renewed = Plugin(server, plugin.application.with_secret("a new secret"))
    assert refusal(plugin.refresh(tokens["refresh_token"])) == "OrestapiOauth2AccessToken-0204"
    for node in (plugin, renewed):
        assert refusal(node.exchange(waiting)) == "OrestapiOauth2AccessToken-0070"
    body(plugin.get("application/model", tokens["access_token"]))
    assert body(renewed.refresh(tokens["refresh_token"]))["access_token"]


def test_a_model_that_the_user_may_not_read(server, plugin):
    access = plugin.sign_in(Browser(server))["access_token"]
    models = [model["model"] for model in body(plugin.get("application/model", access))]
    assert "ir.rule" not in models
    for path, start, more in (
        ("record/name_search", "OrestapiNameSearch", {}),
        ("record/read", "OrestapiContentRecordRead", {"ids": "[1]"}),
        ("model/field", "OrestapiModelField", {"names": "[]"}),
    ):
        assert refusal(plugin.get(path, access, model="ir.rule", **more)) == start + "-0021"


def test_fields_of_every_type_with_and_without_a_value(server, plugin):
    access = plugin.sign_in(of_administrator(server))["access_token"]
    names = {
        "x_char": ("char", UNICODE),
        "x_text": ("text", "two\nlines"),
        "x_html": ("html", "<p>bold</p>"),
        "x_boolean": ("boolean", True),
        "x_integer": ("integer", 7),
        "x_float": ("float", 1.5),
        "x_date": ("date", "2026-02-28"),
        "x_datetime": ("datetime", "2026-02-28 23:59:58"),
        "x_binary": ("binary", PIXEL),
    }
    lines = [(0, 0, {"name": name, "field_description": name, "ttype": kind}) for name, (kind, _) in names.items()]
    lines.append((0, 0, {"name": "x_partner", "field_description": "P", "ttype": "many2one", "relation": "res.partner"}))
    lines.append((0, 0, {"name": "x_all", "field_description": "A", "ttype": "many2many", "relation": "res.partner"}))
    model = {"name": "Of every type", "model": "x_every_type", "field_id": lines}
    [number] = json2(server, "ir.model", "create", vals_list=[model]).json()
    right = {"name": "all", "model_id": number, "perm_read": True, "perm_create": True, "perm_write": True}
    json2(server, "ir.model.access", "create", vals_list=[right])
    values = {name: value for name, (_, value) in names.items()} | {"x_partner": 3, "x_all": [(6, 0, [3])]}
    ids = json2(server, "x_every_type", "create", vals_list=[values, {}]).json()
    assert len(ids) == 2, ids

    _, rows = body(plugin.get("record/read", access, model="x_every_type", ids=json.dumps(ids)))
    full, empty = sorted(rows["data"], key=lambda row: row["id"])
    for name, (kind, value) in names.items():
        assert full[name] == value, name
        assert empty[name] == {"integer": 0, "float": 0.0}.get(kind, False), name
    assert full["x_partner"][0] == 3 and isinstance(full["x_partner"][1], str)
    assert (full["x_all"], empty["x_all"], empty["x_partner"]) == ([3], [], False)
    fields = body(plugin.get("model/field", access, model="x_every_type", names="[]", data='["name","ttype"]'))
    assert {name: kind for name, (kind, _) in names.items()}.items() <= {
        field["name"]: field["ttype"] for field in fields
    }.items()


def test_a_change_of_a_scheme_reaches_all_its_applications_at_once(server):
    made = {"name": "Shared", "model_limit": "none"}
    [scheme] = json2(server, "oregional.model.scheme", "create", vals_list=[made]).json()
    browser = Browser(server)
    wikis = [Plugin(server, model_scheme_id=scheme) for _ in range(2)]
    tokens = [wiki.sign_in(browser)["access_token"] for wiki in wikis]
    asked = [(wiki, token) for wiki in wikis for token in tokens]
    for wiki, token in zip(wikis, tokens):
        assert len(body(wiki.get("application/model", token))) > 1
    [partner] = json2(server, "ir.model", "search", domain=[("model", "=", "res.partner")]).json()
    configuration = {"name": "P", "model_id": partner, "model_display_name": "Business contacts"}
    change = {"model_limit": "whitelist", "model_configuration_ids": [(0, 0, configuration)]}
    answer = json2(server, "oregional.model.scheme", "write", ids=[scheme], vals=change)
    assert answer.status_code == 200, answer.text
    for wiki, token in asked:
        listed = body(wiki.get("application/model", token))
        assert listed == [{"model": "res.partner", "name": "Business contacts"}]
