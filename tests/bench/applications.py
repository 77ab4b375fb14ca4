"""Calls on growing numbers of applications, and PostgreSQL by itself beside them."""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

from harness import FULL, Failure, average_load, loaded, note, say
from scenarios import KEY_SQL, SCENARIOS, TABLE
from script import trace

HERE = Path(__file__).resolve().parent
ORDER_INDEX = "oregional_application_order_index"
SCHEMES = 50
# A page at the largest size may take this many times as long as at the smallest.
MOST_GROWTH = 1.5
# A call with its password may take this many times as long as one with a session.
MOST_PASSWORD = 1.1
# Milliseconds of the server for a page of records.
MOST_PAGE = 50
# How often two that are compared take turns; what counts is the one in the middle.
TURNS = 3


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


def explain(cluster, scripts, first, count):
    """What pgbench runs, for whoever doubts the comparison."""
    for name, script in scripts.items():
        script.write(first, count, cluster.major >= 14)
        say()
        say(f"What pgbench runs for '{name}':")
        say()
        say("```sql")
        say(script.path.read_text().rstrip())
        say("```")


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
            scripts = trace(cluster, server, scratch, first)
            tidy(cluster, first, size)
            if options.explain:
                explain(cluster, scripts, first, size)
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
