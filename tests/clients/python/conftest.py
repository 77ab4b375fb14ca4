"""The server that run.py has started, and what every client does with it."""

import os
from dataclasses import dataclass

import pytest

# A picture of one pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)
MODEL = "oregional.application"
UNICODE = "Ő & <b> “čaj” 密码 \N{GRINNING FACE}"


@dataclass(frozen=True)
class Server:
    """Where it is, and who may come in."""

    url: str
    host: str
    port: int
    db: str
    login: str
    password: str
    api_key: str
    clerk: str
    clerk_password: str


@pytest.fixture(scope="session")
def server():
    def setting(name):
        return os.environ["OREGIONAL_CLIENTS_" + name]

    return Server(
        url=setting("URL"),
        host=setting("HOST"),
        port=int(setting("PORT")),
        db=setting("DB"),
        login=setting("LOGIN"),
        password=setting("PASSWORD"),
        api_key=setting("API_KEY"),
        clerk=setting("CLERK"),
        clerk_password=setting("CLERK_PASSWORD"),
    )


@pytest.fixture
def word(request):
    """A word that no other test has, so that each finds its own records alone."""
    return request.node.name.replace("[", " ").replace("]", "")
