"""The calls that are measured, and the records that they are about."""

from __future__ import annotations

from dataclasses import dataclass

from harness import PASSWORD, envelope

TABLE = "oregional_application"
FIELDS = [
    "name",
    "active",
    "client_id",
    "model_scheme_id",
    "access_token_expiry",
    "create_uid",
    "create_date",
    "write_date",
]
# A record's client id follows from its number, so that Lua, SQL and pgbench can each make it. The
# factor scatters neighbours. 19 digits, because pgbench has numbers only.
KEY_SQL = "((1000000 + ({n} * 7919) % 1000003) * 1000000000000 + {n})"


def key_of(number):
    return str((1000000 + (number * 7919) % 1000003) * 1000000000000 + number)


@dataclass(frozen=True)
class Scenario:
    """A kind of call: what it asks for, and what is wanted of it at FULL connections."""

    name: str
    method: str
    args: list
    kwargs: dict
    odoo: int
    times: int
    ratio: float | None
    # Whether records are changed: conflicts are possible then, and there is something to tidy up.
    writes: bool = False

    def body(self):
        """The request; @ID@, @KEY@ and @WORD@ stand for what differs from call to call."""
        params = {
            "model": "oregional.application",
            "method": self.method,
            "args": self.args,
            "kwargs": self.kwargs,
        }
        return self.envelope(params)

    def service_body(self):
        """The same call for `/jsonrpc`, with the password in it."""
        call = ["oregional", 2, PASSWORD, "oregional.application", self.method, self.args, self.kwargs]
        return self.envelope({"service": "object", "method": "execute_kw", "args": call})

    @staticmethod
    def envelope(params):
        return envelope(params).replace('"@ID@"', "@ID@")


# Odoo 18 made so many calls per second of each kind on a machine like this one.
SCENARIOS = [
    Scenario(
        "page of 80",
        "search_read",
        [],
        {"domain": [], "fields": FIELDS, "offset": 0, "limit": 80},
        odoo=140,
        times=30,
        ratio=0.7,
    ),
    Scenario(
        "equality",
        "search_read",
        [],
        {"domain": [["client_id", "=", "@KEY@"]], "fields": FIELDS},
        odoo=377,
        times=50,
        ratio=0.35,
    ),
    Scenario("read", "read", [["@ID@"], FIELDS], {}, odoo=291, times=50, ratio=0.35),
    Scenario(
        "write",
        "write",
        [["@ID@"], {"description": "@WORD@"}],
        {},
        odoo=362,
        times=20,
        ratio=None,
        writes=True,
    ),
    # The last one: what it adds is taken away again before the next run.
    Scenario(
        "create",
        "create",
        [{"name": "Application @WORD@"}],
        {},
        odoo=247,
        times=20,
        ratio=None,
        writes=True,
    ),
]


def filled(scenario, first, number):
    body = scenario.body().replace("@ID@", str(first + number - 1))
    return body.replace("@KEY@", key_of(number)).replace("@WORD@", f"word {number}")
