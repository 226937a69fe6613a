//! Whether the node that is backed up may lack acknowledged writes (domain.md, section 0): a write at
//! QUORUM that missed it is in no backup of it. Pure; from `writes.sh`, gossip, hints and the history of
//! repairs. What cannot be told counts as a reason.
//!
//! The reference is, per keyspace, [`Since`]: since when all replicas are known to agree.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::parse::Fields;
use super::{Facts, NodeFacts};
use crate::cassandra::repairs::{self, Repair};
use crate::cassandra::schema::KeyspaceSchema;
use crate::name::{HostName, Keyspace};

/// What one node tells of writes that were missed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Writes {
    /// Hints that wait here: files (2.2: one for any number) by the host id that they are for.
    pub hints: BTreeMap<String, u64>,
    /// When Cassandra was started, or its gossip.
    pub started: Option<Timestamp>,
    /// Since when its log tells.
    pub log_from: Option<Timestamp>,
    /// When it dropped writes last.
    pub dropped: Option<Timestamp>,
    /// When it saw others down last, by their address.
    pub seen_down: BTreeMap<String, Timestamp>,
}

/// Since when all replicas of a keyspace are known to hold the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Since {
    /// That moment: a full repair, or of a table that is younger, its creation. `None`: not known.
    pub at: Option<Timestamp>,
    /// The last full repair of all its tables.
    pub full_repair: Option<Timestamp>,
    /// When its replication was set last; `None`: not known. Cassandra writes it anew with every change of
    /// a table, so this is an upper bound.
    pub replicated: Option<Timestamp>,
}

impl Writes {
    /// From what the scripts printed.
    pub fn read(fields: &Fields) -> Self {
        let time = |text: &str| text.trim().parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        let mut hints = BTreeMap::new();
        for id in fields.all("hint") {
            *hints.entry(id.to_owned()).or_default() += 1;
        }
        let down = fields.all("seen_down").filter_map(|line| line.split_once('\t'));
        Self {
            hints,
            started: None,
            log_from: fields.get("log_from").and_then(time),
            dropped: fields.get("dropped").and_then(time),
            seen_down: down.filter_map(|(who, at)| Some((address(who).to_owned(), time(at)?))).collect(),
        }
    }
}

/// `10.0.0.1` of `/10.0.0.1`, `cass1/10.0.0.1:7000`, `/[fe80::1]:7000`.
fn address(text: &str) -> &str {
    let text = text.rsplit('/').next().unwrap_or(text);
    if let Some((inner, _)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return inner;
    }
    match text.split_once(':') {
        // more than one: IPv6 without a port
        Some((host, port)) if !port.contains(':') => host,
        _ => text,
    }
}

impl Since {
    /// From the repairs, newest first, with their ranges.
    pub fn of(
        keyspace: &KeyspaceSchema,
        repairs: &[Repair],
        ranges: &BTreeMap<String, Vec<(i128, i128)>>,
        replicated: Option<Timestamp>,
    ) -> Self {
        let name = keyspace.name.as_str();
        let full = |table: &str| repairs::since(repairs, ranges, name, table);
        // views are repaired with their own names
        let tables: Vec<_> =
            keyspace.dirs().into_iter().map(|dir| (full(dir.table.as_str()), dir.id.made_at())).collect();
        let oldest = |times: Vec<Option<Timestamp>>| times.into_iter().collect::<Option<Vec<_>>>()?.into_iter().min();
        Self {
            at: oldest(tables.iter().map(|(full, made)| (*full).max(*made)).collect()),
            full_repair: oldest(tables.iter().map(|(full, _)| *full).collect()),
            replicated,
        }
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

impl Facts {
    /// Why that node may lack acknowledged writes of a keyspace; empty: nothing says so.
    pub fn lacks(&self, source: &HostName, keyspace: &Keyspace) -> Vec<String> {
        let Some(node) = self.nodes.get(source) else { return vec![] };
        let empty = self.schema.keyspace(keyspace).is_none_or(|found| found.dirs().is_empty());
        if self.nodes.len() < 2 && self.others().is_empty() || empty {
            return vec![];
        }
        let mut why = vec![];
        for (other, found) in &self.nodes {
            if let Some(files) = found.writes.hints.get(&node.host_id) {
                why.push(format!("hints for it wait on {other} ({files})"));
            }
        }
        let since = self.since.get(keyspace.as_str()).cloned().unwrap_or_default();
        let Some(at) = since.at else {
            why.push("no full repair is known, and not since when it exists".to_owned());
            return why;
        };
        let reference =
            if since.full_repair == Some(at) { format!("the last full repair ({})", day(at)) } else { day(at) };
        match since.replicated {
            Some(changed) if changed <= at => {}
            Some(changed) => {
                why.push(format!("its replication or a table was changed on {}, later than {reference}", day(changed)));
            }
            None => why.push("it cannot be told since when its replication is what it is".to_owned()),
        }
        why.extend(self.missed(source, node, at, &reference));
        why
    }

    /// What may have missed the node since that moment, of whatever keyspace.
    fn missed(&self, source: &HostName, node: &NodeFacts, at: Timestamp, reference: &str) -> Vec<String> {
        let mut why = vec![];
        let later = |time: Option<Timestamp>| time.filter(|time| *time >= at);
        match node.writes.started {
            Some(started) if started < at => {}
            Some(started) => why.push(format!("it was started on {}, later than {reference}", day(started))),
            None => why.push("it cannot be told when it was started".to_owned()),
        }
        if let Some(time) = later(node.writes.dropped) {
            why.push(format!("it dropped writes on {}", day(time)));
        }
        let address = self.address(source);
        for (other, found) in &self.nodes {
            // what is older than a log is not known
            if found.writes.log_from.is_none_or(|from| from > at) {
                why.push(format!("the log of {other} does not reach back to {reference}"));
            } else if other != source {
                let seen = address.and_then(|address| found.writes.seen_down.get(address).copied());
                why.extend(later(seen).map(|time| format!("{other} saw it down on {}", day(time))));
            }
        }
        why
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cassandra::schema::Schema;
    use crate::facts::fixture;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    /// Two nodes, ks.t; all is well since second 1000.
    fn whole() -> Facts {
        let mut facts = Facts::default();
        for name in ["cass1", "cass2"] {
            let mut node = fixture::node();
            node.writes.started = Some(at(500));
            node.writes.log_from = Some(at(400));
            node.ring = crate::cassandra::status::parse(
                "Datacenter: dc1\n===\n--  Address   Load  Tokens  Owns  Host ID  Rack\n\
                 UN  10.0.0.1  1 KiB  4  100.0%  4f065e01-c613-422a-81f0-27f6b127bab1  r1\n\
                 UN  10.0.0.2  1 KiB  4  100.0%  4f065e01-c613-422a-81f0-27f6b127bab2  r1\n",
            )
            .unwrap();
            node.host_id = format!("4f065e01-c613-422a-81f0-27f6b127bab{}", &name[4..]);
            facts.nodes.insert(HostName::parse(name).unwrap(), node);
        }
        let table = crate::guard::fixture::table(&[]);
        facts.schema = Schema { keyspaces: vec![crate::guard::fixture::keyspace(vec![table])] };
        let since = Since { at: Some(at(1000)), full_repair: Some(at(1000)), replicated: Some(at(100)) };
        facts.since.insert("ks".to_owned(), since);
        facts
    }

    fn told(facts: &Facts) -> String {
        facts.lacks(&HostName::parse("cass1").unwrap(), &Keyspace::parse("ks").unwrap()).join("; ")
    }

    fn with(change: impl Fn(&mut Facts)) -> String {
        let mut facts = whole();
        change(&mut facts);
        told(&facts)
    }

    fn writes<'a>(facts: &'a mut Facts, name: &str) -> &'a mut Writes {
        &mut facts.nodes.get_mut(&HostName::parse(name).unwrap()).unwrap().writes
    }

    #[test]
    fn a_node_that_was_there_all_the_time_lacks_nothing() {
        assert_eq!(told(&whole()), "");
        assert_eq!(with(|f| writes(f, "cass1").dropped = Some(at(900))), "", "before the repair");
        assert_eq!(with(|f| writes(f, "cass2").seen_down.extend([("10.0.0.1".into(), at(900))])), "");
        assert_eq!(with(|f| writes(f, "cass2").dropped = Some(at(2000))), "", "another node's loss");
        assert_eq!(with(|f| writes(f, "cass1").hints.extend([("4f065e01-c613-422a-81f0-27f6b127bab2".into(), 3)])), "");
    }

    #[test]
    fn whatever_may_have_missed_it_since_is_a_reason_and_so_is_what_is_not_known() {
        let id = "4f065e01-c613-422a-81f0-27f6b127bab1";
        for (found, words) in [
            (with(|f| writes(f, "cass2").hints.extend([(id.into(), 3)])), "hints for it wait on cass2 (3)"),
            (with(|f| writes(f, "cass1").dropped = Some(at(2000))), "it dropped writes on 1970-01-01 00:33:20Z"),
            (with(|f| writes(f, "cass1").started = Some(at(2000))), "later than the last full repair"),
            (with(|f| writes(f, "cass1").started = None), "cannot be told when it was started"),
            (with(|f| writes(f, "cass2").seen_down.extend([("10.0.0.1".into(), at(2000))])), "cass2 saw it down"),
            (with(|f| writes(f, "cass2").log_from = Some(at(2000))), "the log of cass2 does not reach back"),
            (with(|f| writes(f, "cass1").log_from = None), "the log of cass1 does not reach back"),
            (with(|f| f.since.clear()), "no full repair is known"),
            (
                with(|f| f.since.get_mut("ks").unwrap().replicated = Some(at(2000))),
                "its replication or a table was changed",
            ),
        ] {
            assert!(found.contains(words), "{found:?} instead of {words:?}");
        }
    }

    #[test]
    fn addresses_in_a_log_are_those_of_the_ring() {
        for (text, wanted) in [
            ("/10.0.0.1", "10.0.0.1"),
            ("cass1/10.0.0.1:7000", "10.0.0.1"),
            ("/[fe80:0:0:0:0:0:0:1]:7000", "fe80:0:0:0:0:0:0:1"),
            ("/fe80:0:0:0:0:0:0:1", "fe80:0:0:0:0:0:0:1"),
        ] {
            assert_eq!(address(text), wanted);
        }
        let text = "hint=a\nhint=a\nhint=b\nlog_from=7\nseen_down=/10.0.0.1:7000\t9\ndropped=\n";
        let read = Writes::read(&Fields::parse(text));
        assert_eq!((read.hints["a"], read.log_from, read.dropped), (2, Some(at(7)), None));
        assert_eq!(read.seen_down["10.0.0.1"], at(9));
    }
}
