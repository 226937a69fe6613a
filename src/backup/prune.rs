//! Which backups may go. Pure.
//!
//! Never: the newest good one, one that a run still counts on, one of another cluster, a damaged or
//! foreign entry (nobody knows what it is: that is a human's to delete).

use std::collections::BTreeMap;

use jiff::{Span, Timestamp, Zoned, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::catalogue::{Backup, State};
use crate::name::{ClusterName, Tag};

/// What the operator wants kept.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// So many good ones, the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<usize>,
    /// Those made since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Timestamp>,
    /// Unfinished ones go whatever their age.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// One entry that goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Its directory's name.
    pub name: String,
    /// Its tag.
    pub tag: Tag,
    /// The SHA-256 of its manifest, when it has one: nothing else of that name is deleted.
    pub digest: String,
    /// How much it is, for people.
    pub bytes: u64,
}

/// What becomes of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes; why.
    Goes(String),
    /// It stays; why.
    Stays(String),
}

/// Decides about each entry, in the order given (newest first). `used`: tags that runs count on, and
/// how that is to be said.
pub fn decide<'a>(
    backups: &'a [Backup],
    policy: &Policy,
    used: &BTreeMap<Tag, String>,
    cluster: &ClusterName,
) -> Vec<(&'a Backup, Fate)> {
    let ours = |backup: &Backup| backup.contents.as_ref().is_some_and(|contents| contents.cluster == *cluster);
    let good: Vec<&str> = backups.iter().filter(|b| b.is_good() && ours(b)).map(|b| b.name.as_str()).collect();
    let newest = backups.iter().find(|b| b.is_good() && ours(b)).and_then(Backup::made);
    let fate = |backup: &Backup| {
        let stays = |why: &str| Fate::Stays(why.to_owned());
        let old = policy.before.zip(backup.made()).map(|(before, made)| made < before);
        if let Some(by) = used.get(&backup.tag).filter(|_| backup.state != State::Pruned) {
            return Fate::Stays(by.clone());
        }
        match &backup.state {
            State::Pruned => Fate::Goes("half deleted already".to_owned()),
            State::Partial if policy.partial || old == Some(true) => Fate::Goes("it was never finished".to_owned()),
            State::Partial => stays("unfinished: goes with --partial, or when it is older than --older-than"),
            State::Written => stays("not ours: import it, or delete it by hand"),
            State::Damaged(_) => stays("its manifest is damaged: look at it, then delete it by hand"),
            State::Foreign => stays("no backup"),
            State::Complete if !ours(backup) => stays("of another cluster"),
            State::Complete => match good.iter().position(|name| *name == backup.name) {
                Some(0) => stays("the newest good one"),
                Some(place) if policy.keep.is_some_and(|keep| place < keep) => {
                    Fate::Stays(format!("one of the {} to keep", policy.keep.unwrap_or_default()))
                }
                // most of it may be sound, and it is all that there is of that time
                None if newest.is_none_or(|newest| backup.made() > Some(newest)) => {
                    stays("damaged, and no newer one is good")
                }
                _ if old == Some(false) => stays("younger than --older-than"),
                Some(place) => Fate::Goes(format!("newer good ones: {place}")),
                None => Fate::Goes("damaged, and a newer one is good".to_owned()),
            },
        }
    };
    backups.iter().map(|backup| (backup, fate(backup))).collect()
}

/// What goes, as a plan holds it.
pub fn removals(decided: &[(&Backup, Fate)]) -> Vec<Removal> {
    let goes = decided.iter().filter(|(_, fate)| matches!(fate, Fate::Goes(_)));
    goes.map(|(backup, _)| Removal {
        name: backup.name.clone(),
        tag: backup.tag.clone(),
        digest: backup.contents.as_ref().map_or_else(String::new, |contents| contents.digest.clone()),
        bytes: backup.bytes,
    })
    .collect()
}

/// The moment so long ago: `30d`, `4w`, `12h`, `6mo`, `1y`.
pub fn ago(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let number: i64 = digits.parse().map_err(|_| unreadable(text))?;
    let span = match &text[digits.len()..] {
        "h" => Span::new().try_hours(number),
        "d" => Span::new().try_days(number),
        "w" => Span::new().try_weeks(number),
        "mo" => Span::new().try_months(number),
        "y" => Span::new().try_years(number),
        _ => return Err(unreadable(text)),
    };
    if number <= 0 {
        return Err(unreadable(text));
    }
    let now = Zoned::new(now, TimeZone::UTC);
    let then =
        span.and_then(|span| now.checked_sub(span)).map_err(|_| format!("{text:?} is longer than time itself"))?;
    Ok(then.timestamp())
}

fn unreadable(text: &str) -> String {
    format!("{text:?} is no age; write it like 12h, 30d, 4w, 6mo or 1y")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::catalogue::Contents;
    use crate::backup::verify::Verified;
    use crate::name::Keyspace;

    fn backup(day: u8, state: State, cluster: &str, sound: Option<bool>) -> Backup {
        let prefix = match state {
            State::Partial => ".partial-",
            State::Pruned => ".pruned-",
            _ => "",
        };
        let time: Timestamp = format!("2026-01-{day:02}T00:00:00Z").parse().unwrap();
        let contents = Contents {
            digest: format!("sum{day}"),
            cluster: ClusterName::parse(cluster).unwrap(),
            node: "n".into(),
            version: "5.0.8".into(),
            taken_at: time,
            keyspaces: vec![Keyspace::parse("ks").unwrap()],
            tables: 1,
            files: 1,
            imported: None,
        };
        let verified = sound.map(|sound| Verified {
            v: 1,
            at: time,
            sound,
            manifest_sha256: contents.digest.clone(),
            files: 1,
            bytes: 1,
            digests: 0,
            undigested: 0,
            digest_tool: String::new(),
            hash_tool: String::new(),
            damage: vec![],
        });
        Backup {
            name: format!("{prefix}d{day}"),
            tag: Tag::parse(format!("d{day}")).unwrap(),
            bytes: 10,
            touched: Some(time),
            contents: (state == State::Complete).then_some(contents),
            state,
            verified,
            archived: None,
        }
    }

    fn told(backups: &[Backup], policy: &Policy, used: &BTreeMap<Tag, String>) -> String {
        let cluster = ClusterName::parse("Lab").unwrap();
        let each = |(backup, fate): (&Backup, Fate)| match fate {
            Fate::Goes(why) => format!("{} goes: {why}\n", backup.name),
            Fate::Stays(why) => format!("{} stays: {why}\n", backup.name),
        };
        decide(backups, policy, used, &cluster).into_iter().map(each).collect()
    }

    fn sample() -> Vec<Backup> {
        let lab = |day, sound| backup(day, State::Complete, "Lab", sound);
        vec![
            backup(20, State::Partial, "Lab", None),
            lab(19, Some(false)),
            lab(18, None),
            lab(17, Some(true)),
            backup(16, State::Complete, "Other", None),
            lab(15, None),
            backup(14, State::Partial, "Lab", None),
            backup(13, State::Written, "Lab", None),
            backup(12, State::Damaged("x".into()), "Lab", None),
            lab(11, None),
            lab(10, Some(false)),
            backup(9, State::Pruned, "Lab", None),
            backup(8, State::Foreign, "Lab", None),
        ]
    }

    #[test]
    fn the_newest_good_one_stays_and_so_does_what_runs_count_on() {
        let used = BTreeMap::from([(Tag::parse("d15").unwrap(), "restore r1 is not discarded".to_owned())]);
        insta::assert_snapshot!(told(&sample(), &Policy { keep: Some(1), ..Policy::default() }, &used), @"
        .partial-d20 stays: unfinished: goes with --partial, or when it is older than --older-than
        d19 stays: damaged, and no newer one is good
        d18 stays: the newest good one
        d17 goes: newer good ones: 1
        d16 stays: of another cluster
        d15 stays: restore r1 is not discarded
        .partial-d14 stays: unfinished: goes with --partial, or when it is older than --older-than
        d13 stays: not ours: import it, or delete it by hand
        d12 stays: its manifest is damaged: look at it, then delete it by hand
        d11 goes: newer good ones: 3
        d10 goes: damaged, and a newer one is good
        .pruned-d9 goes: half deleted already
        d8 stays: no backup
        ");
    }

    #[test]
    fn an_age_and_a_number_must_both_allow_it() {
        let before = "2026-01-12T12:00:00Z".parse().ok();
        insta::assert_snapshot!(told(&sample(), &Policy { keep: Some(2), before, partial: true }, &BTreeMap::new()), @"
        .partial-d20 goes: it was never finished
        d19 stays: damaged, and no newer one is good
        d18 stays: the newest good one
        d17 stays: one of the 2 to keep
        d16 stays: of another cluster
        d15 stays: younger than --older-than
        .partial-d14 goes: it was never finished
        d13 stays: not ours: import it, or delete it by hand
        d12 stays: its manifest is damaged: look at it, then delete it by hand
        d11 goes: newer good ones: 3
        d10 goes: damaged, and a newer one is good
        .pruned-d9 goes: half deleted already
        d8 stays: no backup
        ");
    }

    #[test]
    fn the_only_backup_is_not_pruned_even_when_it_is_damaged_or_a_thousand_years_old() {
        for sound in [None, Some(true), Some(false)] {
            let policy = Policy { keep: Some(0), before: "3026-01-01T00:00:00Z".parse().ok(), partial: true };
            let backups = [backup(3, State::Complete, "Lab", sound)];
            assert!(
                removals(&decide(&backups, &policy, &BTreeMap::new(), &ClusterName::parse("Lab").unwrap())).is_empty()
            );
        }
    }

    #[test]
    fn ages_are_read_with_their_units() {
        let now: Timestamp = "2026-03-31T12:00:00Z".parse().unwrap();
        let ago = |text| ago(text, now).map(|time| time.to_string());
        assert_eq!(ago("36h").unwrap(), "2026-03-30T00:00:00Z");
        assert_eq!(ago("30d").unwrap(), "2026-03-01T12:00:00Z");
        assert_eq!(ago("1mo").unwrap(), "2026-02-28T12:00:00Z");
        assert_eq!(ago("2w").unwrap(), "2026-03-17T12:00:00Z");
        for bad in ["", "7", "d", "-3d", "0d", "3m", "3 d", "99999999y"] {
            assert!(ago(bad).is_err(), "{bad}");
        }
    }
}
