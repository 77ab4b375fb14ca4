#!/usr/bin/env python3
"""Measures a private server with growing numbers of applications, and PostgreSQL by itself beside it.

The load comes from wrk (calls) and pgbench (the statements of the same calls); this file starts them
and makes tables of what they say. What pgbench runs is not written down here: the server makes each
call twice while its cluster logs statements, and the log becomes the script. What differs between
the two calls is drawn at random, what does not is a constant parameter.

Everything is on the loopback and in a temporary directory, ends by itself, and leaves nothing behind.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from harness import (
    FULL,
    PASSWORD,
    Cluster,
    Failure,
    Report,
    Server,
    average_load,
    envelope,
    loaded,
    note,
    say,
    statements,
)
from oauth import signing_in

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TABLE = "oregional_application"
ORDER_INDEX = "oregional_application_order_index"
SCHEMES = 50
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
# A page at the largest size may take this many times as long as at the smallest.
MOST_GROWTH = 1.5
# A call with its password may take this many times as long as one with a session.
MOST_PASSWORD = 1.1
# Milliseconds of the server for a page of records.
MOST_PAGE = 50
# How often two that are compared take turns; what counts is the one in the middle.
TURNS = 3

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


class Script:
    """The statements of a call as a script of pgbench, sent in the groups in which the server does."""

    def __init__(self, name, path, first_call, second_call, samples):
        self.path = path
        self.constants = {}
        self.draws = []
        self.sent = second_call
        if [statement.text for statement in first_call] != [statement.text for statement in second_call]:
            raise Failure(f"two calls of '{name}' are different statements")
        self.samples = samples
        self.texts = [
            re.sub(
                r"\$(\d+)",
                lambda found, pair=pair, place=place: self.value(pair, place, int(found[1])),
                pair[1].text,
            )
            for place, pair in enumerate(zip(first_call, second_call))
        ]

    def value(self, pair, place, number):
        """What stands in the script for a parameter: something drawn, or a constant."""
        old, new = (statement.params[number - 1] for statement in pair)
        name = f"p{place}_{number}"
        for drawn, values in self.samples.items():
            if (old, new) == values:
                return f":{drawn}"
            if (old, new) == tuple(f"{{{value}}}" for value in values):
                return f"ARRAY[:{drawn}]::int4[]"
        is_moment = re.match(r"\d{4}-\d\d-\d\d ", new)
        # Sealed values are as good as any; hashes and tokens differ, as some have to be unique. A
        # number is valid text and valid bytea.
        is_token = len(new) <= 66 and not new.startswith("{")
        if old != new and not is_moment and is_token:
            if name not in self.draws:
                self.draws.append(name)
        else:
            self.constants[name] = new
        return f":{name}"

    def groups(self):
        """Round trips: up to the first statement after the check of the session, whatever is read
        beside it, COMMIT."""
        texts = list(self.texts)
        check = next(place for place, text in enumerate(texts) if "web_session" in text)
        # The check stands in the first statement itself, or goes before it.
        last = check + (1 if texts[check].lstrip().startswith("SELECT user_id") else 0)
        opening, rest = texts[: last + 1], texts[last + 1 :]
        closing = [rest.pop()] if rest and rest[-1] == "COMMIT" else []
        return [group for group in (opening, rest, closing) if group]

    def write(self, first, count, can_pipeline):
        lines = [
            f"\\set number random(1, {count})",
            f"\\set id {first - 1} + :number",
            f"\\set key {KEY_SQL.format(n=':number')}",
        ]
        lines += [f"\\set {name} random(1, 9000000000000000000)" for name in self.draws]
        for group in self.groups():
            statements = [" ".join(text.split()) + ";" for text in group]
            if len(statements) > 1 and can_pipeline:
                statements = ["\\startpipeline", *statements, "\\endpipeline"]
            lines += statements
        self.path.write_text("\n".join(lines) + "\n")

    def plan(self, cluster):
        """The generic plan of the statement on the table itself."""
        statement = next(sent for sent in self.sent if TABLE in sent.text)
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in statement.params)
        return cluster.query(
            "SET plan_cache_mode = force_generic_plan; "
            f"PREPARE wanted AS {statement.text}; "
            f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE wanted{f'({values})' if values else ''}"
        )


def grow(cluster, schemes, first, have, want):
    """Adds applications by SQL, as no client could in reasonable time."""
    name = "'Application ' || md5(n::text)"
    scheme = f"(ARRAY[{', '.join(str(scheme) for scheme in schemes)}])[1 + n % {len(schemes)}]"
    moment = "timestamp '2025-01-01' + n * interval '1 second'"
    columns = {
        "id": f"{first - 1} + n",
        "name": f"jsonb_build_object('en_US', {name})",
        "active": "true",
        "client_id": KEY_SQL.format(n="n") + "::text",
        "own_id": "md5((-n)::text)",
        "model_scheme_id": scheme,
        "authorization_code_expiry": "600",
        "authorization_code_retain": "0",
        "access_token_expiry": "3600",
        "refresh_token_expiry": "0",
        "create_uid": "2",
        "create_date": moment,
        "write_uid": "2",
        "write_date": moment,
    }
    # No call makes these, and the audit log would have each of them.
    cluster.query(
        f"ALTER TABLE {TABLE} DISABLE TRIGGER audit",
        f"INSERT INTO {TABLE} ({', '.join(columns)}) SELECT {', '.join(columns.values())} "
        f"FROM generate_series({have + 1}::bigint, {want}::bigint) AS n",
        f"ALTER TABLE {TABLE} ENABLE TRIGGER audit",
    )
    tidy(cluster, first, want, is_thorough=True)
    if cluster.query(f"SELECT count(*) FROM {TABLE}") != str(want):
        raise Failure(f"there are not {want} applications")


def tidy(cluster, first, count, is_thorough=False):
    """Takes away what calls have made, so that the next run finds what this one found."""
    statements = [
        f"DELETE FROM {TABLE} WHERE id >= {first + count}",
        f"SELECT setval('{TABLE}_id_seq', {first + count - 1})",
    ]
    if is_thorough:
        statements.append(f"REINDEX TABLE {TABLE}")
    cluster.query(*statements, f"VACUUM ANALYZE {TABLE}", "CHECKPOINT")


def wrk(cluster, server, scenario, connections, seconds, first, count, with_password=False):
    env = os.environ | {
        "BENCH_CALL": scenario.service_body() if with_password else scenario.body(),
        "BENCH_PATH": "/jsonrpc" if with_password else "/web/dataset/call_kw",
        "BENCH_COOKIE": server.cookie,
        "BENCH_HOST": f"127.0.0.1:{server.port}",
        "BENCH_FIRST": str(first),
        "BENCH_COUNT": str(count),
    }
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-s", HERE / "call.lua", f"http://127.0.0.1:{server.port}/"]
    what = f"{scenario.name} at {connections} connections"
    return loaded(command, seconds, env, what, server, cluster)


def in_turns(cluster, server, scenario, script, connections, first, size, options):
    """The load in the middle, and what pgbench does in the middle. Where something is wanted of them they take
    turns: the machine's neighbours make one run differ from the next by a third."""
    loads, alone = [], []
    for _ in range(TURNS if connections == FULL else 1):
        if scenario.writes:
            # Each run begins with the same work ahead of it: pages that were not written yet.
            tidy(cluster, first, size)
        loads.append(wrk(cluster, server, scenario, connections, options.seconds, first, size))
        # Calls that wrk no longer waited for.
        time.sleep(0.2)
        if scenario.writes:
            tidy(cluster, first, size)
        alone.append(cluster.pgbench(script, connections, options.seconds, scenario.writes)[1])
    return sorted(loads, key=lambda load: load.rate)[len(loads) // 2], statistics.median(alone)


def measure(cluster, server, scripts, size, first, options, report):
    """The table of one size; gives the loads by scenario and connections."""
    say()
    say(f"## {size:,} applications")
    say()
    say(f"At the beginning: {average_load()}.")
    say()
    say(
        "| scenario | connections | calls/s | p50 ms | p99 ms | server CPU µs/call | pgbench/s | ratio "
        "| × Odoo 18 | target |"
    )
    say("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    loads = {}
    for scenario in SCENARIOS:
        script = scripts[scenario.name]
        script.write(first, size, cluster.major >= 14)
        wrk(cluster, server, scenario, FULL, 1, first, size)
        for connections in options.connections:
            load, alone = in_turns(cluster, server, scenario, script, connections, first, size, options)
            loads[scenario.name, connections] = load
            ratio, times = load.rate / alone, load.rate / scenario.odoo
            verdicts = []
            if connections == FULL:
                what = f"{scenario.name} at {size:,}"
                verdict = report.judge(
                    f"{what}: {times:.1f} × Odoo 18 of {scenario.times}", times >= scenario.times
                )
                verdicts.append(f"≥ {scenario.times} × Odoo: {verdict}")
                if scenario.ratio is not None:
                    verdict = report.judge(
                        f"{what}: ratio {ratio:.2f} of {scenario.ratio}", ratio >= scenario.ratio
                    )
                    verdicts.append(f"ratio ≥ {scenario.ratio}: {verdict}")
            say(
                f"| {scenario.name} | {connections} | {load.rate:,.0f} | {load.p50:.2f} | {load.p99:.2f} "
                f"| {load.cpu_micros:.0f} | {alone:,.0f} | {ratio:.2f} | {times:.1f} | {'; '.join(verdicts)} |"
            )
        if scenario.writes:
            tidy(cluster, first, size, is_thorough=True)
    return loads


def trace(cluster, server, scratch, first, count, options):
    """The scripts of pgbench, from what the server sends."""
    for scenario in SCENARIOS:
        # Once unwatched: statements that are sent once are past, and the names are kept of the schemes
        # that the watched records point to.
        watched = (1, 2, 3, 4) if scenario.method in ("read", "search_read") else (1, 2)
        for number in watched:
            server.call(filled(scenario, first, number))
    scripts = {}
    cluster.log_statements(True)
    try:
        for place, scenario in enumerate(SCENARIOS):
            sent = [calls(cluster, filled(scenario, first, number)) for number in (3, 4)]
            samples = {"id": (str(first + 2), str(first + 3)), "key": (key_of(3), key_of(4))}
            path = scratch / f"{place}-{scenario.method}.sql"
            scripts[scenario.name] = Script(scenario.name, path, *sent, samples)
    finally:
        cluster.log_statements(False)
    tidy(cluster, first, count)
    if options.explain:
        for name, script in scripts.items():
            script.write(first, count, cluster.major >= 14)
            say()
            say(f"What pgbench runs for '{name}':")
            say()
            say("```sql")
            say(script.path.read_text().rstrip())
            say("```")
    return scripts


def calls(cluster, body):
    """The statements of a call, its check of the session among them."""
    found = statements(cluster, lambda: cluster.server.call(body))
    if not any("web_session" in statement.text for statement in found):
        raise Failure(f"the log does not have the statements of the call {body}")
    return found


def filled(scenario, first, number):
    body = scenario.body().replace("@ID@", str(first + number - 1))
    return body.replace("@KEY@", key_of(number)).replace("@WORD@", f"word {number}")


def growth(loads, sizes, report):
    small, large = sizes[0], sizes[-1]
    say()
    say(f"## Growth from {small:,} to {large:,} applications, at {FULL} connections")
    say()
    say("| scenario | " + " | ".join(f"ms per call at {size:,}" for size in sizes) + " | × | target |")
    say("| --- |" + " ---: |" * (len(sizes) + 1) + " --- |")
    for place, scenario in enumerate(SCENARIOS):
        times = [1000 / loads[size][scenario.name, FULL].rate for size in sizes]
        factor = times[-1] / times[0]
        verdict = ""
        if place == 0:
            what = f"{scenario.name}: {factor:.2f} times the time at {large:,}, of {MOST_GROWTH}"
            verdict = f"≤ {MOST_GROWTH}: {report.judge(what, factor <= MOST_GROWTH)}"
        cells = " | ".join(f"{value:.3f}" for value in times)
        say(f"| {scenario.name} | {cells} | {factor:.2f} | {verdict} |")


def password(cluster, server, first, count, options, report):
    """The same call with a session and with a password, in turns: what disturbs one disturbs the other."""
    scenario = next(scenario for scenario in SCENARIOS if scenario.method == "read")
    say()
    say(f"## A password in every call, at {FULL} connections")
    say()
    say("| call | with a session, calls/s | with its password, calls/s | × | target |")
    say("| --- | ---: | ---: | ---: | --- |")
    rates = {False: [], True: []}
    for turn in range(TURNS + 1):
        for with_password in (False, True):
            load = wrk(cluster, server, scenario, FULL, options.seconds, first, count, with_password)
            # The first turn warms up.
            if turn:
                rates[with_password].append(load.rate)
    session, by_password = (statistics.median(rates[way]) for way in (False, True))
    factor = session / by_password
    what = f"a password in every call: {factor:.2f} times the time, of {MOST_PASSWORD}"
    verdict = report.judge(what, factor <= MOST_PASSWORD)
    say(
        f"| {scenario.name} | {session:,.0f} | {by_password:,.0f} | {factor:.2f} | "
        f"≤ {MOST_PASSWORD}: {verdict} |"
    )


def page_of_records(cluster, server, options, report):
    """The list of eighty applications as a browser asks for it: how long it takes the server."""
    say()
    say("## The list of 80 applications as a page")
    say()
    say("| connections | pages/s | p50 ms | p99 ms | server CPU µs/page | target |")
    say("| ---: | ---: | ---: | ---: | ---: | --- |")
    for connections in (1, 4):
        env = os.environ | {
            "BENCH_CALL": "",
            "BENCH_PATH": "/odoo/oregional.application",
            "BENCH_COOKIE": server.cookie,
            "BENCH_HOST": f"127.0.0.1:{server.port}",
            "BENCH_FIRST": "1",
            "BENCH_COUNT": "1",
        }
        command = ["wrk", "-t1", f"-c{connections}", f"-d{options.seconds}s", "--timeout", "10s", "--latency"]
        command += ["-s", HERE / "call.lua", f"http://127.0.0.1:{server.port}/"]
        load = loaded(command, options.seconds, env, f"pages at {connections} connections", server, cluster)
        verdict = report.judge(f"a page of records: p99 {load.p99:.1f} ms of {MOST_PAGE}", load.p99 <= MOST_PAGE)
        say(
            f"| {connections} | {load.rate:,.0f} | {load.p50:.2f} | {load.p99:.2f} | {load.cpu_micros:.0f} "
            f"| p99 ≤ {MOST_PAGE} ms: {verdict} |"
        )


def applications(cluster, server, scratch, options, report):
    """The calls on growing numbers of applications, and what they cost."""
    names = [{"name": f"Scheme {number}"} for number in range(SCHEMES)]
    schemes = server.execute("oregional.model.scheme", "create", names)
    cluster.query(f"DELETE FROM {TABLE}")
    first = int(cluster.query(f"SELECT nextval('{TABLE}_id_seq')"))
    scripts, loads, memory, have, idle = {}, {}, [], 0, server.resident()
    for size in options.sizes:
        note(f"{size:,} applications are made")
        grow(cluster, schemes, first, have, size)
        have = size
        if not scripts:
            scripts = trace(cluster, server, scratch, first, size, options)
        before = server.resident()
        loads[size] = measure(cluster, server, scripts, size, first, options, report)
        table = int(cluster.query(f"SELECT pg_total_relation_size('{TABLE}')")) / 1024 / 1024
        memory.append((size, table, before, server.resident()))
    plan = scripts[SCENARIOS[0].name].plan(cluster)
    growth(loads, options.sizes, report)
    password(cluster, server, first, have, options, report)
    page_of_records(cluster, server, options, report)
    say()
    say("## Resident memory of the server")
    say()
    say(f"{idle:.1f} MiB before the first of these loads.")
    say()
    say("| applications | table and indexes MiB | server before the load MiB | server after the load MiB |")
    say("| ---: | ---: | ---: | ---: |")
    for size, table, before, after in memory:
        say(f"| {size:,} | {table:.1f} | {before:.1f} | {after:.1f} |")
    say()
    verdict = report.judge("the page does not use the index of its order", ORDER_INDEX in plan)
    say(f"The generic plan of the page uses {ORDER_INDEX}: {verdict}.")
    if options.explain or verdict != "met":
        say()
        say("```")
        say(plan)
        say("```")


def bench(server, scratch, options):
    server.wait()
    server.sign_in()
    cluster = Cluster(server)
    report = Report()
    if cluster.query("SHOW fsync") != "on":
        raise Failure("fsync is off")
    cores = len(os.sched_getaffinity(0))
    began = time.monotonic()
    say("# Calls per second")
    say()
    say(
        f"{cores} cores, shared by the server, the database and the load; "
        f"{cluster.query('SHOW server_version')} is the version of PostgreSQL, fsync is on; {average_load()}."
    )
    say(
        f"A run is {options.seconds} s. The page is always the first one of the default order, with 8 fields, "
        "two of them many2one names. Records of the other calls are drawn at random. "
        f"At {FULL} connections the server and pgbench take {TURNS} turns each, of which the middle one is told."
    )
    say(
        "pgbench sends the statements that the server sends for the call, prepared, as the same round trips; "
        f"the targets are those at {FULL} connections."
    )
    signing_in(cluster, server, scratch, options, report)
    if not options.oauth:
        applications(cluster, server, scratch, options, report)
    say()
    say(f"{average_load()}; {time.monotonic() - began:.0f} s in all.")
    say(f"targets: {report.met} met, {len(report.missed)} missed" + (":" if report.missed else ""))
    for missed in report.missed:
        say(f"- {missed}")


def settings():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--binary", type=Path, default=ROOT / "target/release/oregional", help="the server to measure"
    )
    parser.add_argument("--seconds", type=int, help="how long each run is (4, or 1 when quick)")
    parser.add_argument("--quick", action="store_true", help="small tables, short runs: does it work at all?")
    parser.add_argument("--oauth", action="store_true", help="measure OAuth 2.0 alone")
    parser.add_argument(
        "--peer", action="store_true", help="let oidc-provider (installed by npm) answer the same beside it"
    )
    parser.add_argument(
        "--explain", action="store_true", help="print the scripts of pgbench and the plan of the page"
    )
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    options.seconds = options.seconds or (1 if options.quick else 4)
    options.sizes = [1_000, 20_000] if options.quick else [1_000, 100_000, 1_000_000]
    options.connections = [1, FULL] if options.quick else [1, 4, FULL]
    if not 1 <= options.seconds <= 60:
        parser.error("--seconds has to be between 1 and 60")
    return options


def main():
    options = settings()
    # A signal ends the server, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if shutil.which("wrk") is None:
            raise Failure("wrk is not installed: `apt-get install -y wrk`, or another package of that name")
        if not options.binary.is_file():
            raise Failure(f"there is no {options.binary}: `cargo build --release` makes it")
        with tempfile.TemporaryDirectory(prefix="oregional-bench-") as scratch:
            # The users who sign in are many, and nobody is after their passwords.
            server = Server(options.binary, "bench", PASSWORD, OREGIONAL_HASH_ROUNDS="1000")
            try:
                bench(server, Path(scratch), options)
            finally:
                server.stop()
    except Failure as failure:
        print(f"bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
