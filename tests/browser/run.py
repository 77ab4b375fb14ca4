#!/usr/bin/env python3
"""Lets a real browser work on the pages: Debian's Chromium, led by playwright-core, against a server of our own.

Installs what package-lock.json names below target/browser, starts the built program on a database of its
own and runs Node's test runner. Fails when anything fails or is skipped. Pictures of all pages are left in
target/browser/screenshots; --fixtures renews those that are kept in fixtures/screenshots.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

# The folder has to be known first.
import left_behind  # noqa: E402
from private_server import Failure, PrivateServer  # noqa: E402
from runner import install_node_packages, node_tests, say  # noqa: E402

ROOT = HERE.parent.parent
HOME = ROOT / "target" / "browser"
KEPT = ROOT / "fixtures" / "screenshots"
PASSWORD = "the administrator's own"

# A picture of each page, light and dark; together they have to stay small.
SHOWN = (
    *("login", "menu", "applications", "applications-found", "applications-grouped", "application", "application-new"),
    *("application-settings", "application-audit", "application-conflict", "application-wrong", "schemes", "scheme"),
    *("configurations", "configuration", "authorizations", "authorization", "codes", "audit", "users", "user", "groups"),
    *("group", "preferences", "operations", "consent", "consent-refused", "question", "missing"),
)
MOST_BYTES = 8_000_000


def settings(server):
    """Where everything is, for the tests."""
    wanted = {
        "URL": server.url,
        "DB": "oregional",
        "PASSWORD": PASSWORD,
        "CHROMIUM": os.environ.get("CHROMIUM") or shutil.which("chromium"),
        "PICTURES": str(HOME / "screenshots"),
        "FAILURES": str(HOME / "failures"),
    }
    if not wanted["CHROMIUM"]:
        raise Failure("there is no chromium: apt-get install chromium")
    return os.environ | {f"OREGIONAL_BROWSER_{name}": value for name, value in wanted.items()}


def keep():
    """Renews the pictures in fixtures/."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for old in KEPT.glob("*.png"):
        old.unlink()
    for name in SHOWN:
        for scheme in ("light", "dark"):
            shutil.copy(HOME / "screenshots" / f"{name}-{scheme}.png", KEPT)
    size = sum(picture.stat().st_size for picture in KEPT.glob("*.png"))
    if size > MOST_BYTES:
        raise Failure(f"the pictures in {KEPT} have {size} bytes, more than {MOST_BYTES}")
    say(f"{KEPT}: {size} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "debug" / "oregional")
    parser.add_argument("--fixtures", action="store_true", help="renew fixtures/screenshots")
    parser.add_argument("--only", nargs="+", default=[], help="names of test files, without .test.js")
    asked = parser.parse_args()
    for folder in ("screenshots", "failures"):
        shutil.rmtree(HOME / folder, ignore_errors=True)
        (HOME / folder).mkdir(parents=True)
    folder = HOME / "node"
    try:
        install_node_packages("what leads the browser", HERE, folder, HOME / "npm")
        tests = [folder / f"{name}.test.js" for name in asked.only] or sorted(folder.glob("*.test.js"))
        server = PrivateServer(asked.binary, "browser", PASSWORD, **left_behind.TRACE)
        try:
            server.wait()
            env = settings(server)
            # The pictures are taken before other tests leave their records behind.
            looks = [test for test in tests if test.name == "look.test.js"]
            if looks:
                node_tests(looks, env=env, cwd=folder)
            if asked.fixtures:
                keep()
            if others := [test for test in tests if test not in looks]:
                node_tests(others, env=env, cwd=folder)
            left_behind.insist(server, PASSWORD)
        finally:
            server.stop()
    except (Failure, OSError) as error:
        print(f"make browser: {error}", file=sys.stderr)
        return 1
    say("the pages work in a browser")
    return 0


if __name__ == "__main__":
    sys.exit(main())
