#!/usr/bin/env python3
"""Lets Odoo's and OAuth's clients, the real packages in pinned versions, work against a server of our own.

Installs them below target/clients, starts the built program on a database of its own, and runs pytest,
Node's test runner, odoo-await's own tests and a Rust program. Fails when anything fails or is skipped.
"""

import argparse
import os
import re
import shutil
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# The folder has to be known first.
import left_behind  # noqa: E402
from private_server import Failure, PrivateServer  # noqa: E402
from runner import changed, install_node_packages, node_tests, run, say, told  # noqa: E402

ROOT = HERE.parent.parent
HOME = ROOT / "target" / "clients"
PASSWORD = "admin secret"
CLERK_PASSWORD = "clerk secret"


def install_python():
    folder, wanted = HOME / "python", HERE / "python" / "requirements.txt"
    mark = folder / "installed"
    if text := changed(mark, wanted):
        say("installing the clients in Python")
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-cache-dir"]
        run([*pip, "--no-deps", "--require-hashes", "-r", wanted])
        mark.write_text(text)
    return folder / "bin" / "python"


def install_node():
    folder = HOME / "node"
    install_node_packages("the clients in JavaScript", HERE / "node", folder, HOME / "npm")
    return folder


class Server(PrivateServer):
    """The built program, with a clerk beside its administrator."""

    def settings(self):
        """Where it is and who may come in, for the tests."""
        self.command("user", "create", "clerk", "--password-stdin", given=CLERK_PASSWORD + "\n")
        key = self.command("user", "apikey", "create", "admin", "--name", "the clients' tests")
        settings = {
            "URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DB": "oregional",
            "LOGIN": "admin",
            "PASSWORD": PASSWORD,
            "API_KEY": key,
            "CLERK": "clerk",
            "CLERK_PASSWORD": CLERK_PASSWORD,
        }
        own = {f"OREGIONAL_CLIENTS_{name}": value for name, value in settings.items()}
        # As odoo-await's own tests want it.
        theirs = {
            "ODOO_BASE_URL": "http://127.0.0.1",
            "ODOO_PORT": str(self.port),
            "ODOO_DB": "oregional",
            "ODOO_USER": "admin",
            "ODOO_PW": PASSWORD,
        }
        return os.environ | own | theirs


def python_tests(python, env):
    say("OdooRPC, odooly, odoo-client-lib, Authlib, requests-oauthlib")
    folder = HERE / "python"
    options = ["--quiet", "-rs", "-p", "no:cacheprovider"]
    output = told([python, "-B", "-m", "pytest", *options, folder], env=env, cwd=folder)
    if re.search(r"\d+ (skipped|xfailed|deselected)", output):
        raise Failure("a test in Python was skipped")


def javascript_tests(folder, env):
    say("odoo-await, @fernandoslim/odoo-jsonrpc, oauth4webapi, openid-client, simple-oauth2")
    node_tests(sorted(folder.glob("*.test.*js")), env=env, cwd=folder)
    say("odoo-await's own tests")
    own = folder / "node_modules" / "odoo-await" / "test" / "integration.test.js"
    mocha = folder / "node_modules" / "mocha" / "bin" / "mocha"
    output = told(["node", mocha, "--timeout", "10000", own], env=env, cwd=folder)
    if "7 passing" not in output or "pending" in output:
        raise Failure("not all of odoo-await's own tests were run")


def rust_tests(env):
    say("the crate odoo-api")
    manifest = HERE / "odoo-api" / "Cargo.toml"
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, "test", "--locked", "--test", "day", "--manifest-path", manifest]
    output = told([*command, "--target-dir", HOME / "odoo-api"], env=env)
    if re.search(r"[1-9]\d* (ignored|filtered out)", output):
        raise Failure("a test in Rust was skipped")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "debug" / "oregional")
    binary = parser.parse_args().binary
    HOME.mkdir(parents=True, exist_ok=True)
    try:
        python, node = install_python(), install_node()
        server = Server(binary, "clients", PASSWORD, **left_behind.TRACE)
        try:
            server.wait()
            env = server.settings()
            python_tests(python, env)
            javascript_tests(node, env)
            rust_tests(env)
            left_behind.insist(server, PASSWORD, CLERK_PASSWORD)
        finally:
            server.stop()
    except (Failure, OSError) as error:
        print(f"make clients: {error}", file=sys.stderr)
        return 1
    say("all clients did their day's work")
    return 0


if __name__ == "__main__":
    sys.exit(main())
