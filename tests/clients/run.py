#!/usr/bin/env python3
"""Lets Odoo's and OAuth's clients, the real packages in pinned versions, work against a server of our own.

Installs them below target/clients, starts the built program on a database of its own, and runs pytest,
Node's test runner, odoo-await's own tests and a Rust program. Fails when anything fails or is skipped.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from private_server import Failure, PrivateServer  # noqa: E402 - the folder has to be known first

ROOT = HERE.parent.parent
HOME = ROOT / "target" / "clients"
PASSWORD = "admin secret"
CLERK_PASSWORD = "clerk secret"


def say(text):
    print(f"== {text}", flush=True)


def run(command, **options):
    """Runs a program to its end."""
    done = subprocess.run([str(part) for part in command], **options)
    if done.returncode != 0:
        raise Failure(f"{Path(str(command[0])).name} failed ({done.returncode})")
    return done


def told(command, **options):
    """The output of a program, shown as well."""
    command = [str(part) for part in command]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    sys.stdout.write(done.stdout)
    sys.stdout.flush()
    if done.returncode != 0:
        raise Failure(f"{Path(command[0]).name} failed ({done.returncode})")
    return done.stdout


def changed(mark, *sources):
    """Whether something was installed from other files than these."""
    text = "".join(source.read_text() for source in sources)
    return text if not mark.is_file() or mark.read_text() != text else None


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
    folder, source = HOME / "node", HERE / "node"
    mark = folder / "installed"
    if text := changed(mark, source / "package.json", source / "package-lock.json"):
        say("installing the clients in JavaScript")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder / name)
        options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
        run(["npm", "ci", *options, "--cache", HOME / "npm"], cwd=folder)
        mark.write_text(text)
    # Packages are looked for beside the file that asks for them.
    for test in source.glob("*.*js"):
        shutil.copy(test, folder / test.name)
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


def node_tests(folder, env):
    say("odoo-await, @fernandoslim/odoo-jsonrpc, oauth4webapi, openid-client, simple-oauth2")
    tests = sorted(folder.glob("*.test.*js"))
    output = told(["node", "--test", "--test-reporter=spec", *tests], env=env, cwd=folder)
    for word in ("skipped", "todo", "cancelled"):
        found = re.search(rf"{word} (\d+)", output)
        if found is None or found[1] != "0":
            raise Failure(f"a test in JavaScript was {word}")
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
        server = Server(binary, "clients", PASSWORD)
        try:
            server.wait()
            env = server.settings()
            python_tests(python, env)
            node_tests(node, env)
            rust_tests(env)
        finally:
            server.stop()
    except (Failure, OSError) as error:
        print(f"make clients: {error}", file=sys.stderr)
        return 1
    say("all clients did their day's work")
    return 0


if __name__ == "__main__":
    sys.exit(main())
