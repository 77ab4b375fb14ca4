"""Introspections, rotating refreshes, codes and their exchanges per second, beside pgbench on the same statements.

One application has many users, each with a grant of the own: as a Confluence has. They consented through
the page, and every token comes from a code.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from harness import AGENT, FULL, HERE, Failure, loaded, note, say, statements
from peer import Peer

FAMILIES = 128
CALLBACK = "https://wiki.example.com/callback"
VERIFIER = "bench" * 10
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
# What is wanted at FULL connections.
TARGETS = {"introspect": 10_000, "refresh": 4_000}
MOST_P99 = 15
# Times what oidc-provider does beside it: the targets to what it made where they were set.
LEAST = {"introspect": 3.9, "refresh": 3}
NAMES = {
    "introspect": "introspection",
    "refresh": "rotating refresh",
    "authorize": "code, straight back",
    "exchange": "exchange of a code",
}
TABLES = "oauth_family, oauth_code, oauth_token, oregional_authorization, oregional_authorization_code, audit_log"
# More codes than pgbench can exchange in a second.
CODES = 15_000


@dataclass
class Family:
    """A user's session and the newest tokens."""

    cookie: str
    access: str = ""
    refresh: str = ""


class Client:
    """The application: what it asks, and the browsers of its users."""

    def __init__(self, server):
        self.server = server
        values = {"name": "Wiki", "uri_ids": [(0, 0, {"uri": CALLBACK})]}
        self.id = server.execute("oregional.application", "create", values)
        fields = ["client_id", "client_secret"]
        [read] = server.execute("oregional.application", "read", [self.id], fields)
        self.client_id = read["client_id"]
        pair = f"{read['client_id']}:{read['client_secret']}"
        self.basic = base64.b64encode(pair.encode()).decode()
        asked = {"response_type": "code", "client_id": self.client_id, "redirect_uri": CALLBACK, "scope": "read"}
        more = {"state": "bench", "code_challenge": CHALLENGE, "code_challenge_method": "S256"}
        self.query = urlencode(asked | more)
        self.redeemed = "&" + urlencode(
            {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        )

    def send(self, method, path, headers, form=None):
        headers = headers | {"User-Agent": AGENT}
        if form is not None:
            headers = headers | {"Content-Type": "application/x-www-form-urlencoded"}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, path, body=form, headers=headers)
            response = connection.getresponse()
            return response, response.read().decode()
        finally:
            connection.close()

    def code(self, family):
        """Asks as the user's browser, and allows where the page asks."""
        headers = {"Cookie": f"session_id={family.cookie}"}
        response, page = self.send("GET", f"/oauth2/authorize?{self.query}", headers)
        if response.status == 200:
            hidden = dict(re.findall(r'name="(request|token)" value="([^"]+)"', page))
            form = urlencode(hidden | {"decision": "allow"})
            response, _ = self.send("POST", "/oauth2/consent", headers, form)
        told = parse_qs(urlsplit(response.headers.get("Location") or "").query)
        if response.status != 303 or "code" not in told:
            raise Failure(f"signing in gave no code: {response.status} {dict(response.headers)}")
        return told["code"][0]

    def token(self, path, form):
        response, body = self.send("POST", path, {"Authorization": f"Basic {self.basic}"}, form)
        if response.status != 200:
            raise Failure(f"{path} answered {response.status}: {body}")
        return body

    def exchange(self, family, code):
        self.keep(family, self.token("/oauth2/token", f"code={code}{self.redeemed}"))

    def refresh(self, family):
        form = f"refresh_token={family.refresh}&grant_type=refresh_token&scope=read"
        self.keep(family, self.token("/oauth2/token", form))

    def introspect(self, family):
        self.token("/oauth2/introspect", f"token={family.access}")

    @staticmethod
    def keep(family, answer):
        access, refresh = (re.search(rf'"{name}":"(\w+)"', answer)[1] for name in ("access_token", "refresh_token"))
        family.access, family.refresh = access, refresh


def seed(server):
    """Users who have signed in, and the application that they will sign in to."""
    words = [(f"reader{number}", f"secret of reader {number}") for number in range(FAMILIES)]
    values = [{"name": login, "login": login, "password": password} for login, password in words]
    server.execute("res.users", "create", values)
    return Client(server), [Family(server.session(*pair)) for pair in words]


def load(cluster, client, scratch, kind, families, seconds, codes=None):
    """What wrk says of one kind of request."""
    if kind in ("introspect", "refresh"):
        # A run begins with families of its own, since wrk keeps the tokens of the last one to itself.
        for family in families:
            client.exchange(family, client.code(family))
    lines = {
        "introspect": [family.access for family in families],
        "refresh": [family.refresh for family in families],
        "authorize": [family.cookie for family in families],
    }
    seeds = codes if kind == "exchange" else scratch / f"{kind}.txt"
    if kind != "exchange":
        seeds.write_text("\n".join(lines[kind]) + "\n")
    forms = {
        "introspect": "",
        "refresh": "&grant_type=refresh_token&scope=read",
        "authorize": client.query,
        "exchange": client.redeemed,
    }
    env = os.environ | {
        "BENCH_KIND": kind,
        "BENCH_SEEDS": str(seeds),
        "BENCH_BASIC": client.basic,
        "BENCH_FORM": forms[kind],
        "BENCH_HOST": f"127.0.0.1:{client.server.port}",
        "BENCH_SAYS": '"username":"',
    }
    if kind == "authorize":
        env["BENCH_CODES"] = str(codes)
    return loaded(wrk(client.server.port, seconds), seconds, env, NAMES[kind], client.server, cluster)


def wrk(port, seconds):
    """The load on a server."""
    command = ["wrk", "-t1", f"-c{FULL}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    return [*command, "-s", HERE / "oauth.lua", f"http://127.0.0.1:{port}/"]


class Script:
    """The statements of a request as a script of pgbench; each connection has a family of its own."""

    def __init__(self, path, sent, known, opening, can_pipeline):
        self.path, self.constants, texts = path, {"started": "0"}, []
        for place, statement in enumerate(sent):

            def value(found, place=place, statement=statement):
                what = statement.params[int(found[1]) - 1]
                if what in known:
                    return f":{known[what]}"
                name = f"p{place}_{found[1]}"
                self.constants[name] = what
                return f":{name}"

            texts.append(" ".join(re.sub(r"\$(\d+)", value, statement.text).split()) + ";")
        if can_pipeline and len(texts) > 1:
            texts = ["\\startpipeline", *texts, "\\endpipeline"]
        self.path.write_text("\n".join([*opening, *texts]) + "\n")


def digest(token):
    return "\\x" + hashlib.sha256(token.encode()).hexdigest()


def without_comments(statement):
    return type(statement)(re.sub(r"--[^\n]*", "", statement.text), statement.params)


def trace(cluster, client, scratch, families):
    """The scripts of pgbench, from what the server sends."""
    family = families[0]
    client.exchange(family, client.code(family))
    for step in (client.introspect, client.refresh):
        step(family)
    code = client.code(family)
    old = family.refresh
    cluster.log_statements(True)
    try:
        sent = {"introspect": statements(cluster, lambda: client.introspect(family))}
        known = {"introspect": {digest(family.access): "token"}}
        sent["refresh"] = statements(cluster, lambda: client.refresh(family))
        known["refresh"] = {digest(old): "token", digest(family.access): "access", digest(family.refresh): "next"}
        sent["exchange"] = statements(cluster, lambda: client.exchange(family, code))
        known["exchange"] = {digest(code): "code", digest(family.access): "access", digest(family.refresh): "next"}
    finally:
        cluster.log_statements(False)
    drawn = [f"\\set {name} random(1, 9000000000000000000)" for name in ("access", "next")]
    start = [
        "\\if :started = 0",
        "SELECT token FROM bench_@KIND@ WHERE number = :client_id \\gset",
        "\\set started 1",
        "\\endif",
    ]
    openings = {
        "introspect": start,
        "refresh": [*start, *drawn],
        "exchange": ["\\set turn :turn + 1", f"\\set code :first + :client_id + {FULL} * :turn", *drawn],
    }
    scripts = {}
    for kind, opening in openings.items():
        texts = [without_comments(statement) for statement in sent[kind]]
        lines = [line.replace("@KIND@", kind) for line in opening]
        # The server sends what an introspection needs together, and the others one after the other.
        can_pipeline = cluster.major >= 14 and kind == "introspect"
        scripts[kind] = Script(scratch / f"oauth-{kind}.sql", texts, known[kind], lines, can_pipeline)
    with scripts["refresh"].path.open("a") as script:
        script.write("\\set token :next\n")
    return scripts


def alone(cluster, client, script, kind, seconds):
    """What pgbench does of the same: transactions per second, and the processor time of the database."""
    tokens = "SELECT count(*) FROM oauth_token"
    if kind == "exchange":
        script.constants |= {"first": make_codes(cluster, client, CODES * seconds), "turn": "-1"}
    else:
        letter = {"introspect": "a", "refresh": "r"}[kind]
        cluster.query(
            f"DROP TABLE IF EXISTS bench_{kind}",
            f"CREATE UNLOGGED TABLE bench_{kind} AS "
            "SELECT row_number() OVER (ORDER BY f.grant_id) - 1 AS number, t.hash::text AS token "
            "FROM (SELECT grant_id, max(id) AS id FROM oauth_family GROUP BY grant_id) AS f "
            f"JOIN oauth_token AS t ON t.family_id = f.id AND t.kind = '{letter}' AND t.revoked_at IS NULL "
            f"WHERE t.kind = 'a' AND t.generation = 1 OR t.kind = 'r' AND t.used_at IS NULL",
        )
    before, had = cluster.cpu(), int(cluster.query(tokens))
    transactions, rate = cluster.pgbench(script, FULL, seconds, False)
    micros = (cluster.cpu() - before) / transactions * 1_000_000
    made = int(cluster.query(tokens)) - had
    wanted = 0 if kind == "introspect" else 2 * transactions
    if made != wanted:
        raise Failure(f"pgbench made {made} tokens in {transactions} transactions of '{NAMES[kind]}'")
    return rate, micros


def make_codes(cluster, client, count):
    """Codes by SQL for pgbench, like the last one of each grant; gives the first one, whose number is its hash."""
    cluster.query(
        "DROP TABLE IF EXISTS bench_code",
        "CREATE UNLOGGED TABLE bench_code AS SELECT DISTINCT ON (grant_id) * FROM oauth_code "
        f"WHERE application_id = {client.id} ORDER BY grant_id, issued_at DESC",
    )
    first = cluster.query("SELECT last_value + 1 FROM oregional_authorization_code_id_seq")
    columns = "grant_id, application_id, user_id, uri_id, redirect_uri, uri_named, scope, challenge, client_id, client_secret_lookup"
    cluster.query(
        "INSERT INTO oregional_authorization_code (id, active, authorization_id, expiry, create_uid, create_date, write_uid, write_date) "
        f"SELECT {first} + n, true, grant_id, expires_at, user_id, issued_at, user_id, issued_at "
        f"FROM generate_series(0, {count}) AS n "
        f"JOIN (SELECT *, row_number() OVER (ORDER BY grant_id) - 1 AS place FROM bench_code) AS c ON c.place = n % {FAMILIES}",
        f"INSERT INTO oauth_code (hash, {columns}, record_id, address, issued_at, expires_at) "
        f"SELECT convert_to(r.id::text, 'UTF8'), {columns}, r.id, address, issued_at, expires_at "
        f"FROM oregional_authorization_code AS r JOIN bench_code AS c ON c.grant_id = r.authorization_id WHERE r.id >= {first}",
        f"SELECT setval('oregional_authorization_code_id_seq', {int(first) + count})",
        f"VACUUM ANALYZE {TABLES}",
        "CHECKPOINT",
    )
    return first


def signing_in(cluster, server, scratch, options, report):
    """The table of OAuth 2.0."""
    note("users sign in by OAuth")
    client, families = seed(server)
    scripts = trace(cluster, client, scratch, families)
    if options.explain:
        for script in scripts.values():
            say(f"\n```sql\n{script.path.read_text().rstrip()}\n```")
    say()
    say(f"## OAuth 2.0: {FAMILIES} users of an application, at {FULL} connections")
    say()
    say(
        "| request | requests/s | p50 ms | p99 ms | server CPU µs | database CPU µs | pgbench/s "
        "| its database CPU µs | ratio | target |"
    )
    say("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    codes, ours = scratch / "codes.txt", {}
    for kind, name in NAMES.items():
        if kind != "exchange":
            load(cluster, client, scratch, kind, families, 1, codes)
        # Codes are made for twice the time in which they are exchanged.
        seconds = options.seconds * (2 if kind == "authorize" else 1)
        cluster.query(f"VACUUM ANALYZE {TABLES}", "CHECKPOINT")
        measured = ours[kind] = load(cluster, client, scratch, kind, families, seconds, codes)
        beside = "| – | – | – "
        if kind in scripts:
            cluster.query("CHECKPOINT")
            rate, micros = alone(cluster, client, scripts[kind], kind, options.seconds)
            beside = f"| {rate:,.0f} | {micros:.0f} | {measured.rate / rate:.2f} "
        say(
            f"| {name} | {measured.rate:,.0f} | {measured.p50:.2f} | {measured.p99:.2f} "
            f"| {measured.cpu_micros:.0f} | {measured.database_micros:.0f} {beside}| {verdicts(kind, measured, report)} |"
        )
    if options.peer:
        beside_peer(cluster, scratch, options.seconds, ours, report)


def verdicts(kind, measured, report):
    wanted = TARGETS.get(kind)
    if wanted is None:
        return ""
    is_fast = report.judge(f"{NAMES[kind]}: {measured.rate:,.0f}/s of {wanted:,}", measured.rate >= wanted)
    is_even = report.judge(f"{NAMES[kind]}: p99 {measured.p99:.1f} ms of {MOST_P99}", measured.p99 < MOST_P99)
    return f"≥ {wanted:,}/s: {is_fast}; p99 < {MOST_P99} ms: {is_even}"


def beside_peer(cluster, scratch, seconds, ours, report):
    """The same requests to another server over the same PostgreSQL, in the same run."""
    note("oidc-provider answers the same")
    # Two runs of rotating refreshes, each with families of its own.
    peer = Peer(cluster, 2 * FAMILIES)
    try:
        say()
        say(f"### Beside oidc-provider {peer.version} (node, {peer.PROCESSES} processes) over the same PostgreSQL")
        say()
        say("| request | its requests/s | p50 ms | p99 ms | its CPU µs | database CPU µs | ours to it | target |")
        say("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
        for kind, least in LEAST.items():
            for length in (1, seconds):
                env = peer.env(kind, scratch)
                theirs = loaded(wrk(peer.port, length), length, env, f"{NAMES[kind]} by the peer", peer, cluster)
            ratio = ours[kind].rate / theirs.rate
            verdict = report.judge(f"{NAMES[kind]}: {ratio:.1f} times oidc-provider of {least}", ratio >= least)
            say(
                f"| {NAMES[kind]} | {theirs.rate:,.0f} | {theirs.p50:.2f} | {theirs.p99:.2f} | {theirs.cpu_micros:.0f} "
                f"| {theirs.database_micros:.0f} | {ratio:.1f} | ≥ {least}: {verdict} |"
            )
    finally:
        peer.stop()
