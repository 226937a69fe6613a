"""Runs CQL through one node, and nothing but that node.

Reads one JSON request on stdin, prints one JSON answer on stdout:

  {"address": "10.77.0.11", "port": 9042, "username": "lab", "password": "lab",
   "consistency": "ONE", "keyspace": null, "timeout": 30,
   "statements": ["...", ...], "concurrency": 1}

-> {"rows": [[...], ...]}    the rows of all statements, each value as text
-> {"error": "...", "statement": "..."}   and exit code 1

With concurrency 1 the statements run one after the other; with more, all of
them concurrently, which is how many rows are loaded.
"""

import json
import sys

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.concurrent import execute_concurrent
from cassandra.policies import FallthroughRetryPolicy, WhiteListRoundRobinPolicy
from cassandra.query import SimpleStatement, tuple_factory


def text(value, inner=False):
    """A value as text: null, 0x… for bytes, [..] {..} for collections."""
    if value is None:
        return "null"
    if isinstance(value, (bytes, bytearray)):
        return "0x" + bytes(value).hex()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value) if inner else value
    if hasattr(value, "items"):
        pairs = sorted((text(k, True), text(v, True)) for k, v in value.items())
        return "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
    if isinstance(value, (set, frozenset)) or type(value).__name__ == "SortedSet":
        return "{" + ", ".join(sorted(text(v, True) for v in value)) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(text(v, True) for v in value) + "]"
    return str(value)


def rows_of(result):
    return [[text(value) for value in row] for row in result]


def run(request, session):
    statements = [SimpleStatement(s) for s in request["statements"]]
    if request.get("concurrency", 1) <= 1:
        rows = []
        for statement in statements:
            try:
                rows += rows_of(session.execute(statement))
            except Exception as error:
                raise Failed(error, statement.query_string) from error
        return rows
    results = execute_concurrent(
        session,
        [(statement, None) for statement in statements],
        concurrency=request["concurrency"],
        raise_on_first_error=False,
    )
    rows = []
    for statement, (success, result) in zip(statements, results):
        if not success:
            raise Failed(result, statement.query_string)
        rows += rows_of(result)
    return rows


class Failed(Exception):
    def __init__(self, error, statement):
        super().__init__(f"{type(error).__name__}: {error}")
        self.statement = statement


def main():
    request = json.load(sys.stdin)
    timeout = request.get("timeout", 30)
    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy([request["address"]]),
        retry_policy=FallthroughRetryPolicy(),
        consistency_level=ConsistencyLevel.name_to_value[request["consistency"]],
        serial_consistency_level=ConsistencyLevel.SERIAL,
        request_timeout=timeout,
        row_factory=tuple_factory,
    )
    cluster = Cluster(
        [request["address"]],
        port=request.get("port", 9042),
        auth_provider=PlainTextAuthProvider(request["username"], request["password"]),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
        connect_timeout=10,
        control_connection_timeout=10,
        idle_heartbeat_interval=0,
    )
    try:
        session = cluster.connect(request.get("keyspace"))
        json.dump({"rows": run(request, session)}, sys.stdout)
        code = 0
    except Failed as error:
        json.dump({"error": str(error), "statement": error.statement}, sys.stdout)
        code = 1
    except Exception as error:
        json.dump({"error": f"{type(error).__name__}: {error}"}, sys.stdout)
        code = 1
    finally:
        cluster.shutdown()
    sys.exit(code)


if __name__ == "__main__":
    import logging

    logging.getLogger("cassandra").setLevel(logging.CRITICAL)
    main()
