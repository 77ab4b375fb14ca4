"""What the benchmarks share: a server and its cluster, their processor time, wrk, and the verdicts."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from private_server import Failure, PrivateCluster, PrivateServer  # noqa: E402 - the folder has to be known first

PASSWORD = "admin"
# The load of which the targets speak.
FULL = 32


def say(text=""):
    print(text, flush=True)


def note(text):
    print(f"# {text}", file=sys.stderr, flush=True)


def run(command, timeout, env=None, cwd=None):
    """The output of a program that ends by itself."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=env,
            cwd=cwd,
        )
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{Path(str(command[0])).name} did not end within {timeout:.0f} s") from error
    if done.returncode != 0:
        raise Failure(
            f"{Path(str(command[0])).name} failed ({done.returncode}):\n{done.stdout}{done.stderr}"
        )
    return done.stdout + done.stderr


def stat(pid):
    """What /proc tells of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


# As every client it says what it is; pgbench has no NULL for what is not said.
AGENT = "bench"


def envelope(params):
    """A JSON-RPC request."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": "call", "params": params})


class Server(PrivateServer):
    """A server of our own, as its administrator calls it."""

    cookie = ""

    def post(self, path, body):
        headers = {"Content-Type": "application/json", "User-Agent": AGENT}
        if self.cookie:
            headers["Cookie"] = f"session_id={self.cookie}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", path, body=body, headers=headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200 or "error" in answer:
            raise Failure(f"{path} answered {response.status}: {json.dumps(answer)[:2000]}")
        return answer["result"], response

    def session(self, login, password):
        """The cookie of a new session."""
        params = {"db": "oregional", "login": login, "password": password}
        _, response = self.post("/web/session/authenticate", envelope(params))
        found = re.search(r"session_id=(\w+)", response.headers.get("Set-Cookie", ""))
        if found is None:
            raise Failure("signing in gave no session")
        return found[1]

    def sign_in(self):
        self.cookie = self.session("admin", PASSWORD)

    def call(self, body):
        return self.post("/web/dataset/call_kw", body)[0]

    def execute(self, model, method, *args):
        """The result of a method of a model."""
        return self.call(envelope({"model": model, "method": method, "args": args, "kwargs": {}}))

    def resident(self):
        """Its memory in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024

    def cpu(self):
        """The seconds of a processor that it has used."""
        fields = stat(self.process.pid)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Cluster(PrivateCluster):
    """The server's PostgreSQL, behind its back."""

    def __init__(self, server):
        super().__init__(server)
        self.log = server.data / "postgres.log"
        self.psql, self.pgbench_program = (self.program(name) for name in ("psql", "pgbench"))

    def query(self, *statements):
        """What each statement gives; each one is a transaction."""
        command = [self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        for statement in statements:
            command += ["-c", statement]
        return run(command, 900, env=self.env).strip()

    def log_statements(self, wanted):
        change = "SET log_statement = 'all'" if wanted else "RESET log_statement"
        self.query(f"ALTER SYSTEM {change}", "SELECT pg_reload_conf()")
        # Backends hear of it between two commands.
        time.sleep(0.5)
        if (self.query("SHOW log_statement") == "all") != wanted:
            raise Failure("log_statement did not change")

    def pgbench(self, script, connections, seconds, writes):
        """How many transactions of a script, which has a path and constants, it made, and how many per second."""
        command = [self.pgbench_program, "-n", "-M", "prepared", "-f", script.path]
        command += ["-c", connections, "-j", 1, "-T", seconds]
        if writes and self.major >= 15:
            # The server runs a call again after a conflict, too.
            command.append("--max-tries=10")
        for name, value in script.constants.items():
            command += ["-D", f"{name}={value}"]
        output = run(command, seconds + 120, env=self.env)
        failed = re.search(r"number of failed transactions: (\d+)", output)
        if failed and failed[1] != "0":
            raise Failure(f"pgbench had failed transactions:\n{output}")
        made = re.search(r"transactions actually processed: (\d+)", output)[1]
        return int(made), float(re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)[1])

    def cpu(self):
        """The seconds of a processor that it has used: its own, and those of its processes that live or ended."""
        postmaster = int((self.server.data / "postgres" / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                fields = stat(int(folder.name))
            except (OSError, IndexError):
                # It has just ended: its time is with its parent now.
                continue
            if int(folder.name) == postmaster:
                ticks += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) == postmaster:
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Logged:
    """A statement as the cluster logged it."""

    text: str
    params: tuple


LINE = re.compile(r"^\S+ \S+ \S+ \[\d+\] (?:\S+@\S+ )?(\w+):  (.*)$", re.DOTALL)
PARAMETER = re.compile(r"\$(\d+) = (NULL|'(?:[^']|'')*')")


def statements(cluster, call):
    """What the server sends for one call."""
    before = cluster.log.stat().st_size
    call()
    with cluster.log.open("rb") as log:
        log.seek(before)
        text = log.read().decode()
    found = []
    # A message goes on in lines that begin with a tab.
    for line in re.split(r"\n(?!\t)", text):
        match = LINE.match(line.replace("\n\t", "\n"))
        if match is None:
            continue
        kind, message = match.groups()
        head, _, rest = message.partition(": ")
        if kind == "LOG" and (head == "statement" or head.startswith("execute ")):
            found.append(Logged(rest, ()))
        elif kind == "DETAIL" and head == "parameters" and found:
            values = {int(number): value for number, value in PARAMETER.findall(rest)}
            if any(value == "NULL" for value in values.values()):
                raise Failure(f"pgbench has no NULL for a parameter of: {found[-1].text}")
            params = tuple(values[place][1:-1].replace("''", "'") for place in sorted(values))
            found[-1] = Logged(found[-1].text, params)
        elif kind in ("ERROR", "FATAL", "PANIC"):
            raise Failure(f"a call fails in the database: {message}")
    if not found:
        raise Failure("the log does not have the statements of a call")
    return found


@dataclass(frozen=True)
class Load:
    """What wrk said, and the processor time that server and database took for a call."""

    rate: float
    p50: float
    p99: float
    cpu_micros: float
    database_micros: float


def loaded(command, seconds, env, what, server, cluster):
    """Lets wrk work, and gives what its script and the processors say."""
    before = server.cpu(), cluster.cpu()
    output = run(command, seconds + 60, env=env)
    used = server.cpu() - before[0], cluster.cpu() - before[1]
    found = re.search(r"^bench-result (\{.*\})$", output, re.MULTILINE)
    if found is None:
        raise Failure(f"wrk gave no result:\n{output}")
    result = json.loads(found[1])
    if result["failures"] or result["broken"] or not result["calls"]:
        raise Failure(f"'{what}' was answered with errors:\n{output}")
    server_micros, database_micros = (time_used / result["calls"] * 1_000_000 for time_used in used)
    rate = result["calls"] / result["seconds"]
    return Load(rate, result["p50"], result["p99"], server_micros, database_micros)


class Report:
    """Counts what is met."""

    def __init__(self):
        self.met, self.missed = 0, []

    def judge(self, what, is_met):
        if is_met:
            self.met += 1
        else:
            self.missed.append(what)
        return "met" if is_met else "MISSED"


def average_load():
    return "load average " + ", ".join(f"{value:.2f}" for value in os.getloadavg())
