"""Looks for secrets in what a private server has left behind: its log at TRACE and a dump of its database.

Whoever worked on the server does not tell what it was given. But all that the program makes up is a word of
letters and digits of a known length, and nothing else in a log or a dump looks like that.
"""

from __future__ import annotations

import re
import subprocess

from private_server import Failure, PrivateCluster

# API keys; codes, tokens and the words in forms; sessions. In a dump also secrets of applications: a log has client
# ids of records that were never kept, which look alike.
LENGTHS = {"log": (40, 43, 84), "dump": (32, 40, 43, 84)}
WORD = re.compile(rb"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9]{32,84}(?![A-Za-z0-9+/=_-])")
KINDS = (re.compile(rb"[A-Z]"), re.compile(rb"[a-z]"), re.compile(rb"[0-9]"))
# A log has no hashes of passwords either; a dump has to have them.
HASH = re.compile(rb"\$pbkdf2-sha512\$\d+\$[A-Za-z0-9./]+\$[A-Za-z0-9./]+")
# What everybody may know: client ids, and challenges, where a request is kept and where a verifier answers it.
CHALLENGES = (
    re.compile(rb'Text\("([A-Za-z0-9]{43})"\), Text\("(?:standard|connector)"\)'),
    re.compile(rb'Texts\(\[[^\]]*\]\), Text\("([A-Za-z0-9]{43})"\), Timestamp'),
)
PUBLIC = """
    SELECT unnest(ARRAY[client_id, own_id]) FROM oregional_application
    UNION SELECT challenge FROM oauth_code WHERE challenge IS NOT NULL
    UNION SELECT (regexp_matches(details, '\\((?:client_id|own_id)\\): (.*)', 'gn'))[1] FROM audit_log
"""
# A setting that lets the server tell all it has to say.
TRACE = {"RUST_LOG": "trace"}


def is_made_up(word, lengths):
    """Whether a word looks like something that nobody else may know. A checksum has no capital letters."""
    return len(word) in lengths and all(kind.search(word) for kind in KINDS)


def insist(server, *known):
    """Fails where a secret is told; `known` are some that people chose."""
    cluster = PrivateCluster(server)

    def output(name, *arguments):
        command = [cluster.program(name), *arguments]
        done = subprocess.run(command, capture_output=True, env=cluster.env, timeout=120)
        if done.returncode != 0:
            raise Failure(f"{name} failed: {done.stderr.decode(errors='replace')}")
        return done.stdout

    public = set(re.findall(rb"[A-Za-z0-9]+", output("psql", "-XAtc", PUBLIC)))
    places = {"log": server.log.read_bytes(), "dump": output("pg_dump", "--inserts")}
    if b" TRACE " not in places["log"] or b"audit_log" not in places["dump"]:
        raise Failure("the log or the dump tells of nothing")
    public = public.union(*(challenge.findall(places["log"]) for challenge in CHALLENGES))
    told = []
    if found := HASH.search(places["log"]):
        told.append(f"the log: {found[0]!r}")
    for place, text in places.items():
        text = HASH.sub(b"", text)
        found = {word for word in WORD.findall(text) if is_made_up(word, LENGTHS[place]) and word not in public}
        found |= {word for word in (word.encode() for word in known) if word in text}
        for word in found:
            at = text.index(word)
            told.append(f"the {place}: {text[max(0, at - 200) : at + 100]!r}")
    if told:
        raise Failure("secrets are told by\n" + "\n".join(told))
    print(f"== no secret in {len(places['log'])} bytes of log and {len(places['dump'])} of dump", flush=True)
