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
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from applications import TURNS, applications
from harness import FULL, PASSWORD, Cluster, Failure, Report, Server, average_load, say
from oauth import signing_in

ROOT = Path(__file__).resolve().parent.parent.parent


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
