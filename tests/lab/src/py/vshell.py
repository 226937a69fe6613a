"""The running part of the API Gateway stand-in: vshell.py NAME GROUP READYFILE.

A CQL client that, about 20 times a second, writes the next row of the table
`heartbeat` at QUORUM, reads it back at QUORUM, and appends every acknowledged
write to /opt/Axway/log/acked.log as `seq epoch_ms`. Numbering goes on from
that log after a restart. While the cluster is away it keeps trying. Where to
connect, and the names of keyspace and table, are in /opt/Axway/client.json.
Ends on SIGTERM, after the write that is under way; ten seconds later at the
latest, whatever the driver waits for.
"""

import json
import logging
import os
import signal
import socket
import sys
import time

from cassandra import ConsistencyLevel
from cassandra.auth import PlainTextAuthProvider
from cassandra.cluster import EXEC_PROFILE_DEFAULT, Cluster, ExecutionProfile
from cassandra.policies import ConstantReconnectionPolicy, RoundRobinPolicy

CONFIG = "/opt/Axway/client.json"
PERIOD = 0.05
running = True


def stop(_signal, _frame):
    global running
    running = False
    signal.alarm(10)


def say(message):
    print(time.strftime("%Y-%m-%dT%H:%M:%S"), message, flush=True)


def last_acked(path):
    """The number of the last whole line of the log, 0 without one."""
    last = 0
    try:
        with open(path, encoding="ascii") as log:
            for line in log:
                if line.endswith("\n"):
                    last = int(line.split()[0])
    except FileNotFoundError:
        pass
    return last


def connect(config):
    profile = ExecutionProfile(
        load_balancing_policy=RoundRobinPolicy(),
        consistency_level=ConsistencyLevel.QUORUM,
        request_timeout=5,
    )
    cluster = Cluster(
        config["contact_points"],
        auth_provider=PlainTextAuthProvider(config["username"], config["password"]),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        reconnection_policy=ConstantReconnectionPolicy(1.0),
        connect_timeout=3,
        control_connection_timeout=3,
    )
    try:
        return cluster, cluster.connect()
    except Exception:
        cluster.shutdown()
        raise


def create(session, config):
    keyspace, table = config["keyspace"], config["table"]
    known = session.execute(
        "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = %s", (keyspace,)
    ) if config["schema_tables"] else None
    if known is None or not known.one():
        replication = ", ".join(f"'{dc}': {n}" for dc, n in config["replication"].items())
        session.execute(
            f"CREATE KEYSPACE IF NOT EXISTS {keyspace} WITH replication = "
            f"{{'class': 'NetworkTopologyStrategy', {replication}}}",
            timeout=30,
        )
    session.execute(
        f"CREATE TABLE IF NOT EXISTS {keyspace}.{table} "
        "(gateway text, seq bigint, at timestamp, PRIMARY KEY (gateway, seq))",
        timeout=30,
    )


def serve(session, config, log, seq):
    """Writes until told to stop or until the session fails; the next number."""
    keyspace, table, me = config["keyspace"], config["table"], socket.gethostname()
    insert = session.prepare(f"INSERT INTO {keyspace}.{table} (gateway, seq, at) VALUES (?, ?, ?)")
    select = session.prepare(f"SELECT at FROM {keyspace}.{table} WHERE gateway = ? AND seq = ?")
    failures = 0
    while running:
        began = time.monotonic()
        now = int(time.time() * 1000)
        try:
            session.execute(insert, (me, seq, now))
            log.write(f"{seq} {now}\n")
            log.flush()
            written, seq = seq, seq + 1
            if not session.execute(select, (me, written)).one():
                say(f"row {written} was acknowledged but is not there")
            failures = 0
        except Exception as error:
            failures += 1
            if failures in (1, 20):
                say(f"row {seq}: {type(error).__name__}: {error}")
            if failures >= 20:
                return seq
            time.sleep(0.5)
        time.sleep(max(0.0, PERIOD - (time.monotonic() - began)))
    return seq


def main():
    name, group, ready = sys.argv[1:4]
    logging.getLogger("cassandra").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, stop)
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write("vshell")
    with open(CONFIG, encoding="utf-8") as file:
        config = json.load(file)
    path = config["log"]
    seq = last_acked(path) + 1
    say(f"{name} ({group}) starts, pid {os.getpid()}, next row {seq}")
    with open(path, "a", encoding="ascii") as log:
        with open(ready, "w", encoding="ascii"):
            pass
        told = None
        while running:
            try:
                cluster, session = connect(config)
            except Exception as error:
                if told != str(error):
                    told = str(error)
                    say(f"no connection: {told}")
                time.sleep(0.5)
                continue
            try:
                create(session, config)
                say("connected")
                told = None
                seq = serve(session, config, log, seq)
            except Exception as error:
                say(f"{type(error).__name__}: {error}")
                time.sleep(1)
            finally:
                cluster.shutdown()
    say("ended")


if __name__ == "__main__":
    main()
