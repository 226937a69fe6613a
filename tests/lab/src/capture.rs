//! What the tools of one version print, and what its log says, at moments that reseed must understand: `lab capture`.
//!
//! One story on a lab of three nodes: a healthy ring, a repair, a node that missed a write and no hint tells of it, a
//! drain, a repair while a node is gone, a start, a start over files that lack a part. Each file is what was printed,
//! of a repair or a drain on both streams, and a last line `exit code N`; of a log the lines that are not INFO. The tests of the parsers read them all.

use std::path::Path;
use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    Consistency, Error, Host, Lab, Result, interrupt,
    paths::{make_dir, write},
    progress::say,
    version,
};

const KEYSPACE: &str = "captured";
const LOG: &str = "/opt/cassandra/logs/system.log";
/// The log from line `$from` on, without what is only told; a line of a stack trace belongs to the one before it.
const OFFENDING: &str = r#"tail -n "+$from" "$log" | awk '/^[A-Z]+ /{told = /^(INFO|DEBUG) /} !told'"#;

/// Where captures go, and what they are made with.
struct Capture<'a> {
    lab: &'a Lab,
    into: &'a Path,
}

impl Lab {
    /// Captures into a folder; the lab is not good for anything else afterwards.
    ///
    /// # Errors
    /// When a node does not do what the story wants, or a file cannot be written.
    pub fn capture(&self, into: &Path) -> Result<()> {
        make_dir(into)?;
        let capture = Capture { lab: self, into };
        let (first, third) = (&self.nodes()[0], &self.nodes()[2]);
        capture.load()?;
        capture.healthy(first)?;
        capture.differing(first, third)?;
        capture.drained(first, third)?;
        capture.started(first, third)?;
        capture.broken(third)
    }
}

impl Capture<'_> {
    /// Runs a script and keeps what it printed.
    fn keep(&self, name: &str, host: &Host, script: &str) -> Result<String> {
        let output = host.sh(script)?;
        let code = output.status.code().unwrap_or(-1);
        let text = format!("{}\nexit code {code}\n", output.stdout.trim_end());
        say(format!("{name}: exit code {code}, {} bytes", text.len()));
        write(self.into.join(format!("{name}.txt")), &text, 0o644)?;
        Ok(text)
    }

    /// The same of a log's offending lines, from a line on.
    fn keep_log(&self, name: &str, host: &Host, from: usize) -> Result<()> {
        self.keep(name, host, &format!("from={} log={LOG}; {OFFENDING}", from + 1)).map(drop)
    }

    /// How many lines the log has.
    fn lines(host: &Host) -> Result<usize> {
        Ok(host.must("counting the log's lines", &format!("wc -l <{LOG}"))?.trim().parse().unwrap_or(0))
    }

    fn load(&self) -> Result<()> {
        let lab = self.lab;
        let schema = [
            format!("CREATE KEYSPACE {KEYSPACE} WITH replication = {{'class': 'NetworkTopologyStrategy', 'dc1': 3}}"),
            format!("CREATE TYPE {KEYSPACE}.address (street text, \"House No\" int)"),
            format!(
                "CREATE TABLE {KEYSPACE}.\"Items\" (id int, seq int, owner text, fixed text static, tags set<text>, \
                 home frozen<address>, gone text, PRIMARY KEY (id, seq)) WITH CLUSTERING ORDER BY (seq DESC)"
            ),
            format!("CREATE INDEX \"ByOwner\" ON {KEYSPACE}.\"Items\" (owner)"),
            format!("ALTER TABLE {KEYSPACE}.\"Items\" DROP gone"),
            format!("CREATE TABLE {KEYSPACE}.hits (page text PRIMARY KEY, n counter)"),
            format!("CREATE TABLE {KEYSPACE}.plain (id int PRIMARY KEY, v text)"),
        ];
        lab.cql_all(&lab.nodes()[0], &schema, Consistency::One)?;
        let rows: Vec<String> = (0..50)
            .flat_map(|n| {
                [
                    format!("INSERT INTO {KEYSPACE}.\"Items\" (id, seq, owner) VALUES ({}, {n}, 'o {}')", n % 9, n % 7),
                    format!("INSERT INTO {KEYSPACE}.plain (id, v) VALUES ({n}, 'v')"),
                    format!("UPDATE {KEYSPACE}.hits SET n = n + 1 WHERE page = 'p {}'", n % 5),
                ]
            })
            .collect();
        lab.cql_batch(&lab.nodes()[0], &rows, Consistency::All)?;
        lab.nodes().iter().try_for_each(|node| node.must("flushing", &format!("nodetool flush {KEYSPACE}")).map(drop))
    }

    fn healthy(&self, first: &Host) -> Result<()> {
        for (name, call) in [
            ("status", format!("status {KEYSPACE}")),
            ("netstats", "netstats".into()),
            ("info", "info".into()),
            ("version", "version".into()),
            ("gossipinfo", "gossipinfo".into()),
            ("describecluster", "describecluster".into()),
        ] {
            self.keep(name, first, &format!("nodetool {call}"))?;
        }
        self.keep("repair", first, &format!("exec 2>&1; nodetool repair -pr --full {KEYSPACE}"))?;
        let asked: Vec<String> =
            self.schema().iter().map(|select| format!("{select} WHERE keyspace_name = '{KEYSPACE}';")).collect();
        let asked = format!("PAGING OFF;\n{}", asked.join("\n"));
        self.keep("schema", first, &format!("cqlsh -u lab -p lab <<'END'\n{asked}\nEND"))?;
        if self.previews() {
            self.keep("preview", first, &format!("exec 2>&1; nodetool repair --full --preview {KEYSPACE}"))?;
        }
        self.keep_log("log-healthy", first, 0)
    }

    /// A row that the third node never gets.
    fn differing(&self, first: &Host, third: &Host) -> Result<()> {
        first.must("keeping hints from being written", "nodetool disablehandoff")?;
        self.lab.stop_node(third)?;
        let row = format!("INSERT INTO {KEYSPACE}.plain (id, v) VALUES (777, 'odd')");
        self.lab.cql(first, &row, Consistency::One)?;
        self.keep("repair-node-gone", first, &format!("exec 2>&1; nodetool repair --full {KEYSPACE}"))?;
        self.lab.start_node(third)?;
        self.lab.wait_un()?;
        if self.previews() {
            self.keep("preview-differs", first, &format!("exec 2>&1; nodetool repair --full --preview {KEYSPACE}"))?;
        }
        let from = Self::lines(first)?;
        self.keep("repair-cures", first, &format!("exec 2>&1; nodetool repair --full {KEYSPACE}"))?;
        let of_repairs = format!("tail -n +{} {LOG} | grep 'repair #'", from + 1);
        self.keep("log-repair-cures", first, &of_repairs).map(drop)
    }

    fn drained(&self, first: &Host, third: &Host) -> Result<()> {
        let from = Self::lines(third)?;
        self.keep("drain", third, "exec 2>&1; nodetool drain")?;
        self.keep("netstats-drained", third, "nodetool netstats")?;
        self.keep("status-drained-own", third, "nodetool status")?;
        self.keep("drain-again", third, "exec 2>&1; nodetool drain")?;
        self.keep_log("log-drain", third, from)?;
        let down = format!("DN  {}", third.address);
        self.until("the others see it down", || {
            Ok(self.keep("status-drained-peer", first, "nodetool status")?.contains(&down))
        })?;
        self.keep("gossipinfo-drained-peer", first, "nodetool gossipinfo")?;
        self.lab.stop_node(third)?;
        self.keep("netstats-stopped", third, "nodetool netstats").map(drop)
    }

    fn started(&self, first: &Host, third: &Host) -> Result<()> {
        let from = Self::lines(third)?;
        third.must("starting Cassandra", "service cassandra start")?;
        // the first moment at which it answers at all
        self.until("it answers", || {
            Ok(self.keep("status-starting-own", third, "nodetool status")?.contains("exit code 0\n"))
        })?;
        self.keep("netstats-starting", third, "nodetool netstats")?;
        self.keep("status-starting-peer", first, "nodetool status")?;
        self.lab.wait_un()?;
        self.keep_log("log-start", third, from)
    }

    /// Data.db of one table is gone, Statistics.db of another.
    fn broken(&self, third: &Host) -> Result<()> {
        self.lab.stop_node(third)?;
        let from = Self::lines(third)?;
        let lose = format!(
            "cd /opt/cassandra/data/data/{KEYSPACE} && rm \"$(ls plain-*/*-Data.db | head -n 1)\" \"$(ls hits-*/*-Statistics.db | head -n 1)\""
        );
        third.must("losing files", &lose)?;
        self.lab.start_node(third)?;
        self.lab.wait_un()?;
        self.keep("status-broken-own", third, &format!("nodetool status {KEYSPACE}"))?;
        self.keep_log("log-broken", third, from)
    }

    fn until(&self, what: &str, mut so: impl FnMut() -> Result<bool>) -> Result<()> {
        let since = Instant::now();
        while !so()? {
            interrupt::check()?;
            if since.elapsed() > Duration::from_mins(3) {
                let tail = self.lab.dir().display().to_string();
                return Err(Error::Timeout { what: format!("waiting until {what}"), seconds: 180, tail });
            }
            thread::sleep(Duration::from_millis(300));
        }
        Ok(())
    }

    fn previews(&self) -> bool {
        !["2.2.", "3.11."].iter().any(|old| self.lab.options().version.starts_with(old))
    }

    /// Where the schema is, as reseed asks for it.
    fn schema(&self) -> &'static [&'static str] {
        let modern = version::find(&self.lab.options().version).is_ok_and(|version| version.schema_tables);
        if modern { MODERN } else { OLD }
    }
}

const MODERN: &[&str] = &[
    "SELECT JSON keyspace_name, durable_writes, replication FROM system_schema.keyspaces",
    "SELECT JSON keyspace_name, table_name, id FROM system_schema.tables",
    "SELECT JSON keyspace_name, table_name, column_name, type, kind, position, clustering_order FROM system_schema.columns",
    "SELECT JSON keyspace_name, table_name, index_name, kind, options FROM system_schema.indexes",
    "SELECT JSON keyspace_name, view_name, id, base_table_name FROM system_schema.views",
    "SELECT JSON keyspace_name, type_name, field_names, field_types FROM system_schema.types",
    "SELECT JSON keyspace_name, table_name, column_name, dropped_time FROM system_schema.dropped_columns",
];
const OLD: &[&str] = &[
    "SELECT JSON keyspace_name, durable_writes, strategy_class, strategy_options FROM system.schema_keyspaces",
    "SELECT JSON keyspace_name, columnfamily_name, cf_id, dropped_columns FROM system.schema_columnfamilies",
    "SELECT JSON keyspace_name, columnfamily_name, column_name, component_index, type, validator, index_name, index_type, index_options FROM system.schema_columns",
    "SELECT JSON keyspace_name, type_name, field_names, field_types FROM system.schema_usertypes",
];
