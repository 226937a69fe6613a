//! Whether every node holds exactly the backup: asked of each while it is cut off from all others.

use std::collections::BTreeMap;
use std::thread;

use lab::Host;
use serde::Deserialize;

use super::site::{BODY, HINTED, Site, each};
use crate::{Result, lab_venv, meter};

const SCRIPT: &str = include_str!("rows.py");

#[derive(Debug, Deserialize)]
struct Found {
    rows: u64,
    missing: u64,
    changed: u64,
    new: u64,
    hinted: u64,
    /// Right and wrong answers, by table.
    indexes: BTreeMap<String, (u64, u64)>,
}

/// What is wrong, node by node; empty: every row of every table is the backup's, and no other is there.
/// Afterwards the nodes are still cut off.
pub fn wrong(site: &Site) -> Result<String> {
    let nodes = site.lab.nodes();
    // all at once: each is then alone
    each(nodes, |node| Ok(site.lab.cut_off_alone(node)?))?;
    let wrong: Vec<String> = thread::scope(|scope| {
        let all: Vec<_> = nodes.iter().map(|node| scope.spawn(|| told(site, node))).collect();
        all.into_iter().map(|one| one.join().expect("it does not panic")).filter(|told| !told.is_empty()).collect()
    });
    Ok(wrong.join("; "))
}

/// What is wrong on one node.
fn told(site: &Site, node: &Host) -> String {
    let python = lab_venv().join("bin/python");
    let mut command = node.command(&python.to_string_lossy());
    command.args(["-c", SCRIPT, &node.address, &site.rows.to_string(), &BODY.to_string()]);
    let found = meter::output(&mut command).and_then(|output| Ok(serde_json::from_slice::<Found>(&output.stdout)?));
    match found.map(|found| found.told(site.rows)) {
        Ok(told) if told.is_empty() => String::new(),
        Ok(told) => format!("{}: {}", node.name, told.join(", ")),
        Err(error) => format!("{} cannot be read: {error}", node.name),
    }
}

impl Found {
    fn told(&self, rows: u64) -> Vec<String> {
        let mut told = vec![];
        for (count, what) in [(self.missing, "missing"), (self.changed, "changed"), (self.new, "new")] {
            if count > 0 {
                told.push(format!("{count} rows {what}"));
            }
        }
        if self.hinted > 0 {
            told.push(format!("{} of {HINTED} hinted later rows back", self.hinted));
        }
        for (table, (right, wrong)) in &self.indexes {
            if (*right, *wrong) != (rows, 0) {
                told.push(format!("the index of {table} finds {right} of {rows} rows, and {wrong} that are none"));
            }
        }
        if self.rows == 0 {
            told.push("no rows at all".to_owned());
        }
        told
    }
}
