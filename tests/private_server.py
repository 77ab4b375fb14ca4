"""A server of one's own for the programs in Python that test and measure: the built program, private data, a free port;
and the PostgreSQL below it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path


class Failure(Exception):
    """Why it did not work, for whoever runs it."""


class PrivateServer:
    """The built program with a cluster of its own; it leaves nothing behind."""

    def __init__(self, binary, name, password, **settings):
        self.binary = binary
        self.scratch = Path(tempfile.mkdtemp(prefix=f"oregional-{name}-"))
        # As root the cluster runs as another user, who has to get there.
        self.scratch.chmod(0o755)
        # The directory is the server's alone; the log lies beside it.
        self.data = self.scratch / "data"
        self.log = self.scratch / "server.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        unwanted = ("OREGIONAL_", "RUST_LOG", "PG")
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.env |= {"OREGIONAL_ADMIN_PASSWORD": password} | settings
        command = [binary, "serve", "--data-dir", self.data, "--listen", f"127.0.0.1:{self.port}"]
        with self.log.open("wb") as log:
            streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            self.process = subprocess.Popen(command, **streams, env=self.env)

    def wait(self):
        """Until it answers."""
        end = time.monotonic() + 180
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise Failure(f"the server did not start:\n{self.log.read_text(errors='replace')}")

    def command(self, *arguments, given=""):
        """What one of the program's commands says."""
        command = [self.binary, *arguments, "--data-dir", self.data]
        done = subprocess.run(command, input=given, capture_output=True, text=True, env=self.env)
        if done.returncode != 0:
            raise Failure(f"oregional {arguments[0]} failed: {done.stderr}{done.stdout}")
        return done.stdout.strip()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)


class PrivateCluster:
    """The PostgreSQL of a private server, behind its back."""

    def __init__(self, server):
        self.server = server
        version = (server.data / "postgres" / "PG_VERSION").read_text().strip()
        self.major = int(version.split(".")[0])
        env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        place = {"PGHOST": str(server.data / "socket"), "PGUSER": "oregional", "PGDATABASE": "oregional"}
        self.env = env | place

    def program(self, name):
        """Where a program of PostgreSQL is."""
        places = [Path(f"/usr/lib/postgresql/{self.major}/bin"), Path(f"/usr/pgsql-{self.major}/bin")]
        if shutil.which("pg_config"):
            told = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, timeout=10)
            places.append(Path(told.stdout.strip()))
        found = next((place / name for place in places if (place / name).is_file()), None)
        found = found or shutil.which(name)
        if found is None:
            raise Failure(f"{name} of PostgreSQL {self.major} was not found")
        return found
