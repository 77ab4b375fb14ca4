"""Another authorization server for the benchmark: oidc-provider on a database of its own in the same PostgreSQL."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess

from harness import HERE, Failure, stat
from runner import install_node_packages

HOME = HERE.parent.parent / "target" / "bench"
DATABASE = "oidc_provider"
BASIC = base64.b64encode(b"bench:the%20secret%20of%20the%20benchmark").decode()
PATHS = {"introspect": "/token/introspection", "refresh": "/token"}
FORMS = {"introspect": "", "refresh": "&grant_type=refresh_token"}


class Peer:
    """Its processes, and the tokens of its families."""

    PROCESSES = 2

    def __init__(self, cluster, families):
        folder = HOME / "peer"
        install_node_packages("oidc-provider", HERE / "peer", folder, HOME / "npm")
        package = folder / "node_modules" / "oidc-provider" / "package.json"
        self.version = json.loads(package.read_text())["version"]
        cluster.query(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", f"CREATE DATABASE {DATABASE}")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        wanted = {"PORT": self.port, "PROCESSES": self.PROCESSES, "FAMILIES": families}
        env = cluster.env | {f"PEER_{name}": str(value) for name, value in wanted.items()}
        env |= {"PGDATABASE": DATABASE, "NODE_ENV": "production"}
        self.log = (HOME / "peer.log").open("wb")
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": self.log}
        self.process = subprocess.Popen(["node", folder / "server.mjs"], **streams, env=env, cwd=folder)
        told = self.process.stdout.readline()
        if not told:
            self.stop()
            raise Failure(f"oidc-provider did not start:\n{(HOME / 'peer.log').read_text()}")
        told = json.loads(told)
        self.pids, self.families = told["pids"], told["families"]
        # A run begins with tokens that the one before has not used.
        self.unused = iter(self.families)

    def env(self, kind, scratch):
        """What the load has to know."""
        seeds = scratch / f"peer-{kind}.txt"
        name = {"introspect": "access", "refresh": "refresh"}[kind]
        families = self.families
        if kind == "refresh":
            families = [family for _, family in zip(range(len(self.families) // 2), self.unused)]
        seeds.write_text("".join(f"{family[name]}\n" for family in families))
        return os.environ | {
            "BENCH_KIND": kind,
            "BENCH_SEEDS": str(seeds),
            "BENCH_BASIC": BASIC,
            "BENCH_FORM": FORMS[kind],
            "BENCH_HOST": f"127.0.0.1:{self.port}",
            "BENCH_PATH": PATHS[kind],
            "BENCH_SAYS": '"client_id":"bench"',
        }

    def cpu(self):
        """The seconds of a processor that its processes have used."""
        fields = [stat(pid) for pid in self.pids]
        return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        self.log.close()
