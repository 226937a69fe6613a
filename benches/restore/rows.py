"""Looks at every row that one node holds: ADDRESS ROWS BODY, on that node, cut off from the others.

Prints one JSON object: rows that are missing, changed, new, back from hints, and what each index
answers. A row is right when its id, owner, seq and the write times of all its columns are the
backup's (a write time is read from the same block, under the same checksum, as its value); of every
16th row the body is fetched as well.
"""

import json
import sys
import time

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import WhiteListRoundRobinPolicy
from cassandra.query import SimpleStatement, tuple_factory

WRITTEN = 1700000000000000
HINTED = 9_000_000


def patiently(act):
    """Asks again: a node may still ask another one, until it has noticed that it is alone."""
    for left in range(8, -1, -1):
        try:
            return act()
        except Exception:
            if not left:
                raise
            time.sleep(3)


def look(session, table, indexed, rows, size):
    told = {"rows": 0, "missing": 0, "changed": 0, "new": 0, "hinted": 0}
    seen = set()
    query = (
        "SELECT id, owner, seq, WRITETIME(owner), WRITETIME(seq), WRITETIME(body) "
        f"FROM {table}"
    )
    for row in session.execute(SimpleStatement(query, fetch_size=2000)):
        told["rows"] += 1
        key = row[0]
        seen.add(key)
        if key >= HINTED:
            told["hinted"] += 1
        elif key >= rows:
            told["new"] += 1
        elif row[1:] != (f"owner-{key % 10}", key * 7, WRITTEN, WRITTEN, WRITTEN):
            told["changed"] += 1
    told["missing"] = sum(1 for key in range(rows) if key not in seen)
    body = session.prepare(f"SELECT body FROM {table} WHERE id = ?")
    for key in range(0, rows, 16):
        row = session.execute(body, (key,)).one()
        if row and (row[0] is None or len(row[0]) != size or row[0][:8] != key.to_bytes(8, "big")):
            told["changed"] += 1
    if indexed:
        told["index"] = [0, 0]  # right and wrong answers
        for owner in range(10):
            query = f"SELECT id FROM {table} WHERE owner = 'owner-{owner}'"
            ids = {row[0] for row in session.execute(SimpleStatement(query, fetch_size=5000))}
            wanted = set(range(owner, rows, 10))
            told["index"][0] += len(ids & wanted)
            told["index"][1] += len(ids - wanted)
    return told


def main(address, rows, size):
    profile = ExecutionProfile(
        load_balancing_policy=WhiteListRoundRobinPolicy([address]),
        consistency_level=ConsistencyLevel.ONE,
        request_timeout=120,
        row_factory=tuple_factory,
    )
    cluster = Cluster(
        [address],
        auth_provider=PlainTextAuthProvider("lab", "lab"),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        schema_metadata_enabled=False,
        token_metadata_enabled=False,
        connect_timeout=30,
        control_connection_timeout=30,
        idle_heartbeat_interval=0,
    )
    session = cluster.connect("bench")
    found = {"rows": 0, "missing": 0, "changed": 0, "new": 0, "hinted": 0, "indexes": {}}
    for number in range(1, 13):
        told = patiently(lambda: look(session, f"t{number:02}", number <= 2, rows, size))
        for name, value in told.items():
            if name == "index":
                found["indexes"][f"t{number:02}"] = value
            else:
                found[name] += value
    cluster.shutdown()
    json.dump(found, sys.stdout)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
