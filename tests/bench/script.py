"""What pgbench runs: the statements that the server sends for a call, as its cluster logs them."""

from __future__ import annotations

import re

from harness import Failure, statements
from scenarios import KEY_SQL, SCENARIOS, TABLE, filled, key_of


class Script:
    """The statements of a call as a script of pgbench, sent in the groups in which the server does."""

    def __init__(self, name, path, first_call, second_call, samples):
        self.path = path
        self.constants = {}
        self.draws = []
        self.sent = second_call
        if [statement.text for statement in first_call] != [statement.text for statement in second_call]:
            raise Failure(f"two calls of '{name}' are different statements")
        self.samples = samples
        self.texts = [
            re.sub(
                r"\$(\d+)",
                lambda found, pair=pair, place=place: self.value(pair, place, int(found[1])),
                pair[1].text,
            )
            for place, pair in enumerate(zip(first_call, second_call))
        ]

    def value(self, pair, place, number):
        """What stands in the script for a parameter: something drawn, or a constant."""
        old, new = (statement.params[number - 1] for statement in pair)
        name = f"p{place}_{number}"
        for drawn, values in self.samples.items():
            if (old, new) == values:
                return f":{drawn}"
            if (old, new) == tuple(f"{{{value}}}" for value in values):
                return f"ARRAY[:{drawn}]::int4[]"
        is_moment = re.match(r"\d{4}-\d\d-\d\d ", new)
        # Sealed values are as good as any; hashes and tokens differ, as some have to be unique. A
        # number is valid text and valid bytea.
        is_token = len(new) <= 66 and not new.startswith("{")
        if old != new and not is_moment and is_token:
            if name not in self.draws:
                self.draws.append(name)
        else:
            self.constants[name] = new
        return f":{name}"

    def groups(self):
        """Round trips: up to the first statement after the check of the session, whatever is read
        beside it, COMMIT."""
        texts = list(self.texts)
        check = next(place for place, text in enumerate(texts) if "web_session" in text)
        # The check stands in the first statement itself, or goes before it.
        last = check + (1 if texts[check].lstrip().startswith("SELECT user_id") else 0)
        opening, rest = texts[: last + 1], texts[last + 1 :]
        closing = [rest.pop()] if rest and rest[-1] == "COMMIT" else []
        return [group for group in (opening, rest, closing) if group]

    def write(self, first, count, can_pipeline):
        lines = [
            f"\\set number random(1, {count})",
            f"\\set id {first - 1} + :number",
            f"\\set key {KEY_SQL.format(n=':number')}",
        ]
        lines += [f"\\set {name} random(1, 9000000000000000000)" for name in self.draws]
        for group in self.groups():
            statements = [" ".join(text.split()) + ";" for text in group]
            if len(statements) > 1 and can_pipeline:
                statements = ["\\startpipeline", *statements, "\\endpipeline"]
            lines += statements
        self.path.write_text("\n".join(lines) + "\n")

    def plan(self, cluster):
        """The generic plan of the statement on the table itself."""
        statement = next(sent for sent in self.sent if TABLE in sent.text)
        values = ", ".join("'" + value.replace("'", "''") + "'" for value in statement.params)
        return cluster.query(
            "SET plan_cache_mode = force_generic_plan; "
            f"PREPARE wanted AS {statement.text}; "
            f"EXPLAIN (ANALYZE, BUFFERS) EXECUTE wanted{f'({values})' if values else ''}"
        )


def trace(cluster, server, scratch, first):
    """The scripts of pgbench, from what the server sends."""
    for scenario in SCENARIOS:
        # Once unwatched: statements that are sent once are past, and the names are kept of the schemes
        # that the watched records point to.
        watched = (1, 2, 3, 4) if scenario.method in ("read", "search_read") else (1, 2)
        for number in watched:
            server.call(filled(scenario, first, number))
    scripts = {}
    cluster.log_statements(True)
    try:
        for place, scenario in enumerate(SCENARIOS):
            sent = [calls(cluster, filled(scenario, first, number)) for number in (3, 4)]
            samples = {"id": (str(first + 2), str(first + 3)), "key": (key_of(3), key_of(4))}
            path = scratch / f"{place}-{scenario.method}.sql"
            scripts[scenario.name] = Script(scenario.name, path, *sent, samples)
    finally:
        cluster.log_statements(False)
    return scripts


def calls(cluster, body):
    """The statements of a call, its check of the session among them."""
    found = statements(cluster, lambda: cluster.server.call(body))
    if not any("web_session" in statement.text for statement in found):
        raise Failure(f"the log does not have the statements of the call {body}")
    return found
