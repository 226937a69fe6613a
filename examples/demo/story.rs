//! What happens, in order.

use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use comfy_table::{Table, presets};
use lab::Host;

use crate::stage::{Result, Stage, chapter, say, show, typed};

const ALL: &str = "SELECT id, customer, item FROM shop.orders";
const OF_ANN: &str = "SELECT id FROM shop.orders WHERE customer = 'Ann'";

type Rows = Vec<Vec<String>>;

/// Tells the story; where the report is.
pub fn tell(stage: &Stage) -> Result<PathBuf> {
    load(stage)?;
    let wanted = (sorted(stage.cql(&[ALL])?), sorted(stage.cql(&[OF_ANN])?));
    back_up(stage)?;
    damage(stage)?;
    restore(stage)?;
    let same = look(stage, &wanted)?;
    let report = evidence(stage)?;
    if same { Ok(report) } else { Err("a node does not hold what was backed up".into()) }
}

fn load(stage: &Stage) -> Result<()> {
    chapter("The data", "A table with a secondary index; every node holds all of it.");
    stage.cql(&[
        "CREATE KEYSPACE shop WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3}",
        "CREATE TABLE shop.orders (id int PRIMARY KEY, customer text, item text)",
        "CREATE INDEX by_customer ON shop.orders (customer)",
    ])?;
    let rows: Vec<String> = ["tea", "cups", "honey", "spoons", "a kettle", "lemons", "sugar", "milk"]
        .iter()
        .zip(["Ann", "Bob", "Ann", "Cleo"].iter().cycle())
        .zip(1..)
        .map(|((item, customer), id)| {
            format!("INSERT INTO shop.orders (id, customer, item) VALUES ({id}, '{customer}', '{item}')")
        })
        .collect();
    stage.cql(&rows.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(())
}

fn back_up(stage: &Stage) -> Result<()> {
    chapter(
        "The backup",
        "A snapshot of one node, copied, every byte read back and compared, while the cluster serves.",
    );
    stage.shown(&["backup", "-k", "shop", "--tag", "before"])
}

fn damage(stage: &Stage) -> Result<()> {
    chapter(
        "The damage",
        "Somebody runs the wrong script. No order of deletes and updates could take it back: Cassandra keeps\n\
         the newest write of each value, and these are the newest.",
    );
    stage.cql(&[
        "DELETE FROM shop.orders WHERE id = 1",
        "DELETE item FROM shop.orders WHERE id = 2",
        "UPDATE shop.orders SET customer = 'Mallory' WHERE id = 3",
        "INSERT INTO shop.orders (id, customer, item) VALUES (99, 'Ann', 'nothing she ordered')",
    ])?;
    say("And one node is down meanwhile. What it misses the others keep for it, as hints: after a restore from\n\
         files these would be delivered, and the damage would be back.");
    for host in ["cass1", "cass2"] {
        stage.on(host, "nodetool pausehandoff")?;
    }
    typed("ssh cass3 service cassandra stop");
    stage.lab.stop_node(stage.node(3))?;
    stage.cql(&[
        "DELETE FROM shop.orders WHERE id = 5",
        "INSERT INTO shop.orders (id, customer, item) VALUES (100, 'Ann', 'only in hints for cass3')",
    ])?;
    typed("ssh cass3 service cassandra start");
    stage.lab.start_node(stage.node(3))?;
    stage.lab.wait_un()?;
    // hints are in memory first
    let since = Instant::now();
    let hints =
        || stage.node(1).sh("ls /opt/cassandra/data/hints | grep -c hints$").map(|found| found.status.success());
    while !hints()? {
        if since.elapsed() > Duration::from_mins(1) {
            return Err("cass1 holds no hints".into());
        }
        sleep(Duration::from_secs(1));
    }
    stage.on("cass1", "ls -s /opt/cassandra/data/hints")?;
    stage.cql(&[ALL])?;
    Ok(())
}

fn restore(stage: &Stage) -> Result<()> {
    chapter(
        "The restore",
        "One command: it proves that all can be restored, stops the gateway, drains and stops the nodes, sets\n\
         aside what is there, fills the first node, starts, repairs, verifies, and only then starts the gateway.",
    );
    stage.shown(&["restore", "before", "-k", "shop", "--confirm", "Lab Cluster"])
}

/// Every node for itself; whether all hold what was backed up.
fn look(stage: &Stage, wanted: &(Rows, Rows)) -> Result<bool> {
    chapter(
        "The proof",
        "A node that is asked may ask another one. So all of them are cut off from the network, each is alone,\n\
         and is asked then, at CL ONE: what it answers is its own.",
    );
    let mut table = Table::new();
    table.load_style(presets::ASCII_FULL_CONDENSED);
    table.set_header(["node, alone", "orders", "lost", "changed or new", "index: orders of Ann", "as backed up"]);
    let mut good = true;
    say("all nodes are cut off ...");
    let nodes: Vec<&Host> = stage.lab.nodes().iter().collect();
    let found = stage.lab.each_alone(&nodes, |node| Ok((sorted(node.cql(ALL)?), sorted(node.cql(OF_ANN)?))))?;
    for (node, (all, of_ann)) in nodes.into_iter().zip(found) {
        show(&all);
        let count = |rows: &Rows, others: &Rows| rows.iter().filter(|row| !others.contains(row)).count().to_string();
        let same = (&all, &of_ann) == (&wanted.0, &wanted.1);
        let ids: Vec<&str> = of_ann.iter().map(|row| row[0].as_str()).collect();
        table.add_row([
            node.name.clone(),
            all.len().to_string(),
            count(&wanted.0, &all),
            count(&all, &wanted.0),
            ids.join(", "),
            if same { "yes" } else { "NO" }.to_owned(),
        ]);
        good &= same;
    }
    say(&table.to_string());
    let gateway = stage.lab.gateway("gw1")?;
    let (since, before) = (Instant::now(), gateway.acked()?.len());
    // it may just find its connections again
    while gateway.acked()?.len() < before + 10 && since.elapsed() < Duration::from_mins(1) {
        sleep(Duration::from_millis(100));
    }
    let written = gateway.acked()?.len() - before;
    say(&format!("The gateway is back: {written} more writes acknowledged."));
    Ok(good && written >= 10)
}

/// The downtime, and the report where it stays.
fn evidence(stage: &Stage) -> Result<PathBuf> {
    let document: serde_json::Value = serde_json::from_str(&stage.asked(&["report", "--json"])?)?;
    let seconds = |field: &str| document[field].as_f64().ok_or(format!("the report has no {field}"));
    say(&format!(
        "Downtime, from the gateway's stop to its start: {:.1} s. The whole run: {:.1} s.",
        seconds("downtime_s")?,
        seconds("total_s")?
    ));
    let path = stage.keep.join("report.html");
    let text = path.display().to_string();
    stage.shown(&["report", "--html", &text])?;
    if fs::metadata(&path)?.len() == 0 {
        return Err("the report is empty".into());
    }
    Ok(path)
}

fn sorted(mut rows: Rows) -> Rows {
    rows.sort();
    rows
}
