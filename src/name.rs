//! Validated names: every identifier that reseed handles is one of these types, never a bare
//! `String`, so that nothing hostile can reach a path or a script under the guise of a name.
//!
//! Invariant: a value of these types has been checked once, where it entered, by `parse`.
//! Depends on nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text is not a valid name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a valid {what}: {why}")]
pub struct NameError {
    /// What the text was meant to be, such as `tag`.
    pub what: &'static str,
    /// The offending text.
    pub text: String,
    /// The rule that it breaks.
    pub why: &'static str,
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $what:literal, $check:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks `text` and makes it a name.
            pub fn parse(text: impl Into<String>) -> Result<Self, NameError> {
                let text = text.into();
                match ($check)(text.as_str()) {
                    Ok(()) => Ok(Self(text)),
                    Err(why) => Err(NameError { what: $what, text, why }),
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;
            fn try_from(text: String) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = NameError;
            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )*};
}

names! {
    /// A host as the inventory calls it (a node, a gateway host or a client host).
    HostName, "host name", |t: &str| word(t, "-_.", 63);
    /// A keyspace. Cassandra allows `\w` only, at most 48 characters.
    Keyspace, "keyspace", |t: &str| word(t, "_", 48);
    /// A table (or view). Cassandra allows `\w` only on disk.
    Table, "table", |t: &str| word(t, "_", 222);
    /// A backup's tag: also a snapshot name and a directory name, so Cassandra's `[\w-]` only.
    Tag, "tag", |t: &str| word(t, "_-", 120);
    /// One run, such as `20261122T161500Z-1f3a`. Sorts by time.
    RunId, "run id", |t: &str| word(t, "-", 40);
    /// The cluster's name: any one-line text, as `cluster_name` in cassandra.yaml.
    ClusterName, "cluster name", |t: &str| line(t, 200);
}

impl ClusterName {
    /// The name made fit for a path or a tag: `Lab Cluster` → `lab-cluster`.
    pub fn slug(&self) -> String {
        let mut slug = String::new();
        for c in self.0.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        if slug.is_empty() { "cluster".to_owned() } else { slug.chars().take(60).collect() }
    }
}

fn word(text: &str, extra: &str, max: usize) -> Result<(), &'static str> {
    match text.chars().next() {
        None => return Err("it is empty"),
        Some('-' | '.') => return Err("it may not start with '-' or '.'"),
        Some(_) => {}
    }
    if text.len() > max {
        return Err("it is too long");
    }
    if text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c)) {
        return Ok(());
    }
    Err(match extra {
        "_" => "only letters, digits and _ are allowed",
        "_-" => "only letters, digits, _ and - are allowed",
        "-" => "only letters, digits and - are allowed",
        _ => "only letters, digits, '-', '_' and '.' are allowed",
    })
}

fn line(text: &str, max: usize) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("it is empty")
    } else if text.chars().any(char::is_control) {
        Err("it may not hold control characters or line breaks")
    } else if text.len() > max {
        Err("it is too long")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_their_directory_are_refused() {
        for bad in ["", "..", ".x", "a/b", "a b", "a\nb", "-rf", "a;b", "$(x)", "a'b"] {
            assert!(Tag::parse(bad).is_err(), "{bad:?}");
            assert!(Keyspace::parse(bad).is_err(), "{bad:?}");
            assert!(HostName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Tag::parse("Group2-20181127_2144_28").is_ok());
    }

    #[test]
    fn a_cluster_name_becomes_a_slug() {
        let slug = |t: &str| ClusterName::parse(t).unwrap().slug();
        assert_eq!(slug("Lab Cluster"), "lab-cluster");
        assert_eq!(slug("  «Ünï» / #1 "), "n-1");
        assert_eq!(slug("日本"), "cluster");
    }
}
