"""The two people of a sign-in by OAuth, without their browsers.

The administrator registers an application; the user's browser is sent around. Pages are read as a browser
reads them: forms and hidden fields.
"""

from dataclasses import dataclass, replace
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import requests

CALLBACK = "https://wiki.example.com/plugins/callback.action"


@dataclass(frozen=True)
class Application:
    """An application as it is registered."""

    id: int
    client_id: str
    client_secret: str

    def with_secret(self, secret):
        return replace(self, client_secret=secret)


def json2(server, model, method, token=None, **parameters):
    """A method of a model as the administrator, or as whom a token says."""
    headers = {"Authorization": f"Bearer {token or server.api_key}"}
    return requests.post(f"{server.url}/json/2/{model}/{method}", json=parameters, headers=headers, timeout=60)


def register(server, **values):
    """An application as the administrator registers it, whose tokens reach all that their user reaches."""
    scheme = json2(
        server, "oregional.model.scheme", "create", vals_list=[{"name": "Everything", "model_limit": "none"}]
    ).json()[0]
    lines = {"uri_ids": [(0, 0, {"uri": CALLBACK})]}
    values = {"name": "Wiki", "model_scheme_id": scheme} | lines | values
    made = json2(server, "oregional.application", "create", vals_list=[values])
    assert made.status_code == 200, made.text
    [number] = made.json()
    fields = ["client_id", "client_secret"]
    [read] = json2(server, "oregional.application", "read", ids=[number], fields=fields).json()
    return Application(number, read["client_id"], read["client_secret"])


class Forms(HTMLParser):
    """The forms of a page, each with where it goes, its hidden fields, and the names of all."""

    def __init__(self, page):
        super().__init__()
        self.forms = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form":
            self.forms.append((attributes["action"], {}, set()))
        elif tag in ("input", "button") and self.forms:
            _, hidden, names = self.forms[-1]
            names.add(attributes.get("name"))
            if attributes.get("type") == "hidden":
                hidden[attributes["name"]] = attributes["value"]

    def having(self, name):
        return next(((action, hidden) for action, hidden, names in self.forms if name in names), None)


class Browser:
    """The browser of a user, the clerk unless it is told otherwise."""

    def __init__(self, server, login=None, password=None):
        self.server = server
        self.login, self.password = login or server.clerk, password or server.clerk_password
        self.session = requests.Session()
        self.pages = []

    def send(self, address, form=None):
        url = urljoin(self.server.url, address)
        method = "GET" if form is None else "POST"
        return self.session.request(method, url, data=form, allow_redirects=False, timeout=60)

    def visit(self, address, decision="allow"):
        """Goes where a client sends it, signs in and decides where it is asked; gives the last answer."""
        response = self.send(address)
        for _ in range(8):
            location = response.headers.get("Location")
            if location and not urljoin(self.server.url, location).startswith(self.server.url + "/"):
                return response
            if location:
                response = self.send(location)
                continue
            forms = Forms(response.text)
            if found := forms.having("password"):
                words = {"login": self.login, "password": self.password}
            elif found := forms.having("decision"):
                words = {"decision": decision}
            else:
                return response
            self.pages.append(next(iter(words)))
            action, hidden = found
            response = self.send(action, hidden | words)
        raise AssertionError(f"the browser is sent in circles: {address}")


def told(location):
    """What the browser brings back to a client."""
    query = urlsplit(location).query
    return {name: value for name, [value] in parse_qs(query, keep_blank_values=True, strict_parsing=True).items()}
