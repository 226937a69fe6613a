//! What a node holds, row by row.

use std::collections::{BTreeMap, BTreeSet};

use lab::{Consistency, Host, Lab};

use crate::dataset::{self, LATE_OWNER, OWNERS};
use crate::world::good;

/// Rows, each value as text.
type Rows = Vec<Vec<String>>;

/// The rows that each question gets, sorted. Questions are asked of one node.
pub type Picture = BTreeMap<String, Rows>;

/// What a node says when nobody else can answer.
pub struct Alone {
    /// The rows of the restored keyspaces.
    pub picture: Picture,
    /// Numbers of the gateway's rows.
    pub heartbeats: BTreeSet<u64>,
    /// Keys of `small.t`, which is not restored.
    pub small: BTreeSet<u64>,
}

/// Label and question. Write times are asked for as well: a row that was written again with the
/// same values is not the backup's row.
fn questions(lab: &Lab) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        ("items", r#"SELECT "Id", "Owner Name", note, WRITETIME(note) FROM shop."OrderItems""#),
        ("docs", "SELECT id, title, body, WRITETIME(body) FROM shop.docs"),
        ("bags", "SELECT id, tags, props, steps, home, work FROM shop.bags"),
        ("streams", "SELECT id, seq, owner, v FROM shop.streams"),
        ("sessions", "SELECT id, v, WRITETIME(v) FROM shop.sessions"),
        ("nothing", "SELECT id, v FROM shop.nothing"),
        ("ghost", "SELECT id, v FROM shop.ghost"),
        ("hits", r#"SELECT page, n FROM "Ledger_2".hits"#),
        ("bookings", r#"SELECT account, nr, amount, proof, WRITETIME(amount) FROM "Ledger_2".bookings"#),
    ]
    .map(|(label, cql)| (label.to_owned(), cql.to_owned()))
    .into();
    if dataset::from(lab, 3) {
        all.push(("view".to_owned(), "SELECT v, id, seq FROM shop.by_text".to_owned()));
    }
    for owner in OWNERS.iter().chain([&LATE_OWNER]) {
        let cql = format!(r#"SELECT "Id" FROM shop."OrderItems" WHERE "Owner Name" = {owner}"#);
        all.push((format!("index {owner}"), cql));
    }
    for title in 0..7 {
        let cql = format!("SELECT id, body FROM shop.docs WHERE title = 'title {title}'");
        all.push((format!("sai {title}"), cql));
    }
    all
}

/// The answers to each of these, asked in one session: a row that no table has stands between them.
fn answers<E>(asked: &[String], ask: impl Fn(&[String]) -> Result<Rows, E>) -> Result<Vec<Rows>, E> {
    let mark = ["local".to_owned()];
    let between = "SELECT key FROM system.local".to_owned();
    let statements: Vec<String> = asked.iter().flat_map(|cql| [cql.clone(), between.clone()]).collect();
    let rows = ask(&statements)?;
    let sorted = |rows: &[Vec<String>]| {
        let mut rows = rows.to_vec();
        rows.sort();
        rows
    };
    Ok(rows.split(|row| *row == mark).map(sorted).take(asked.len()).collect())
}

/// Asks one node; it may ask others.
pub fn of(lab: &Lab, host: &Host, at: Consistency) -> Picture {
    let (labels, asked): (Vec<_>, Vec<_>) = questions(lab).into_iter().unzip();
    labels.into_iter().zip(good(answers(&asked, |all| lab.cql_all(host, all, at)))).collect()
}

/// Asks every node something while nobody else can answer, in the nodes' order.
pub fn each_alone<T: Send>(lab: &Lab, ask: impl Fn(&lab::Alone<'_>) -> lab::Result<T> + Sync) -> Vec<T> {
    good(lab.each_alone(&lab.nodes().iter().collect::<Vec<_>>(), ask))
}

/// The rows of each node, asked while nobody else can answer.
pub fn of_each_alone(lab: &Lab) -> BTreeMap<String, Alone> {
    of_these_alone(lab, &lab.nodes().iter().collect::<Vec<_>>())
}

/// The same, of some nodes only: another may be off.
pub fn of_these_alone(lab: &Lab, hosts: &[&Host]) -> BTreeMap<String, Alone> {
    let (labels, mut asked): (Vec<_>, Vec<_>) = questions(lab).into_iter().unzip();
    asked.push("SELECT seq FROM gateway_kps.heartbeat WHERE gateway = 'gw1'".to_owned());
    asked.push("SELECT k FROM small.t".to_owned());
    let numbers = |rows: Rows| rows.iter().map(|row| row[0].parse().expect("a number")).collect();
    let all = lab.each_alone(hosts, |node| {
        let mut rows = answers(&asked, |all| node.cql_all(all))?;
        let small = numbers(rows.pop().expect("the last"));
        let heartbeats = numbers(rows.pop().expect("the last but one"));
        let picture = labels.iter().cloned().zip(rows).collect();
        Ok((node.host().name.clone(), Alone { picture, heartbeats, small }))
    });
    good(all).into_iter().collect()
}

/// Asserts that a picture is the wanted one, and tells the rows that differ.
#[track_caller]
pub fn same(node: &str, wanted: &Picture, found: &Picture) {
    for (label, rows) in wanted {
        let now = found.get(label).map_or(&[][..], Vec::as_slice);
        let missing: Vec<_> = rows.iter().filter(|row| !now.contains(row)).collect();
        let extra: Vec<_> = now.iter().filter(|row| !rows.contains(row)).collect();
        assert!(rows == now, "{node}, {label}: missing {missing:?}, not in the backup {extra:?}");
    }
    assert_eq!(wanted.len(), found.len());
}
