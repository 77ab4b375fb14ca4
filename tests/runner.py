"""Steps that the runners of other languages' tests share: running programs, and installing pinned packages once."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

from private_server import Failure


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


def install_node_packages(what, source, folder, cache):
    """Installs what the lock file of a folder names into another folder, and lays the files beside it:
    packages are looked for beside the file that asks for them."""
    mark = folder / "installed"
    if text := changed(mark, source / "package.json", source / "package-lock.json"):
        say(f"installing {what}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder / name)
        options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-update-notifier"]
        run(["npm", "ci", *options, "--cache", cache], cwd=folder)
        mark.write_text(text)
    for old in folder.glob("*.*js"):
        old.unlink()
    for file in source.glob("*.*js"):
        shutil.copy(file, folder / file.name)


def node_tests(tests, **options):
    """Runs Node's own test runner; a test that was not run to its end is a failure."""
    output = told(["node", "--test", "--test-reporter=spec", *tests], **options)
    for word in ("skipped", "todo", "cancelled"):
        found = re.search(rf"{word} (\d+)", output)
        if found is None or found[1] != "0":
            raise Failure(f"a test in JavaScript was {word}")
