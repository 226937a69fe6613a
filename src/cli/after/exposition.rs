//! The text that Prometheus' textfile collector reads: our own families, each with HELP and TYPE. Pure.
//!
//! One file holds the figures of all commands, and of all clusters that are written to it: what a run does not know
//! anew stays as it was.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The families: name and help.
const FAMILIES: [(&str, &str); 8] = [
    ("reseed_run_last_timestamp_seconds", "When the last run of this command ended, however it ended."),
    ("reseed_run_last_success_timestamp_seconds", "When the last run of this command that went well ended."),
    ("reseed_run_last_duration_seconds", "How long the last run of this command took."),
    ("reseed_run_last_exit_code", "The exit code of the last run of this command; 0 is success."),
    ("reseed_backup_newest_timestamp_seconds", "When the newest whole backup was taken."),
    ("reseed_backup_newest_size_bytes", "What the newest whole backup takes."),
    (
        "reseed_backup_newest_good_timestamp_seconds",
        "When the newest backup that is whole and not known to be damaged was taken.",
    ),
    ("reseed_backups_good", "How many backups are whole and not known to be damaged."),
];

/// Samples by name and labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Samples(BTreeMap<(String, String), String>);

/// `{cluster="Lab",command="backup"}`.
pub fn labels(pairs: &[(&str, &str)]) -> String {
    let escaped = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let each: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", each.join(","))
}

impl Samples {
    /// What an earlier run wrote. Lines of others, or of families that are no more, are left out.
    pub fn parse(text: &str) -> Self {
        let sample = |line: &str| {
            let (head, value) = line.rsplit_once(' ')?;
            let (name, labels) = head.split_once('{')?;
            let known = FAMILIES.iter().any(|(family, _)| *family == name);
            let whole = labels.ends_with('}') && value.parse::<f64>().is_ok();
            (known && whole).then(|| ((name.to_owned(), format!("{{{labels}")), value.to_owned()))
        };
        Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect())
    }

    /// Sets one.
    #[expect(clippy::needless_pass_by_value, reason = "callers pass numbers and texts alike")]
    pub fn set(&mut self, name: &str, labels: &str, value: impl ToString) {
        debug_assert!(FAMILIES.iter().any(|(family, _)| *family == name), "{name}");
        self.0.insert((name.to_owned(), labels.to_owned()), value.to_string());
    }

    /// Takes one away.
    pub fn unset(&mut self, name: &str, labels: &str) {
        self.0.remove(&(name.to_owned(), labels.to_owned()));
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (family, help) in FAMILIES {
            let mut own = self.0.iter().filter(|((name, _), _)| name == family).peekable();
            if own.peek().is_some() {
                let _ = writeln!(text, "# HELP {family} {help}\n# TYPE {family} gauge");
            }
            for ((name, labels), value) in own {
                let _ = writeln!(text, "{name}{labels} {value}");
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_run_replaces_its_own_figures_and_leaves_those_of_others() {
        let mut samples = Samples::default();
        let lab = labels(&[("cluster", "L \"a\\b"), ("command", "backup")]);
        samples.set("reseed_run_last_exit_code", &lab, 0);
        samples.set("reseed_run_last_success_timestamp_seconds", &lab, "1764201600.5");
        let mut later = Samples::parse(&samples.text());
        assert_eq!(later, samples);
        later.set("reseed_run_last_exit_code", &labels(&[("cluster", "L"), ("command", "prune")]), 4);
        later.set("reseed_run_last_exit_code", &lab, 5);
        insta::assert_snapshot!(later.text());
        assert_eq!(Samples::parse("x{a=\"b\"} 1\nreseed_run_last_exit_code{a=\"b\"} many\njunk\n"), Samples::default());
    }

    /// What `promtool check metrics` demands of names and of the text's form.
    #[test]
    fn names_help_and_form_are_as_promtool_demands() {
        let mut samples = Samples::default();
        for (name, help) in FAMILIES {
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert!(!help.is_empty() && !help.contains('\n') && !name.ends_with("_total"));
            samples.set(name, &labels(&[("cluster", "a b"), ("command", "x")]), 1);
        }
        let mut family = "";
        let text = samples.text();
        assert!(text.ends_with('\n'));
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["#", "HELP", name, _, ..] => {
                    assert_ne!(name, family, "once");
                    family = FAMILIES.iter().map(|(known, _)| *known).find(|known| *known == name).unwrap();
                }
                ["#", "TYPE", name, "gauge"] => assert_eq!(name, family),
                _ => assert!(line.starts_with(&format!("{family}{{")), "{line}"),
            }
        }
    }
}
