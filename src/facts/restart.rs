//! What a restart of Cassandra would find: [`Restart`]. From `restart.sh`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parse::Fields;

/// What a restart would find, beside what runs now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Restart {
    /// The running process.
    pub process: Option<Process>,
    /// Jars of Cassandra itself where the running one came from.
    pub installed: Vec<String>,
    /// Files of the configuration that were written after the process started.
    pub changed: Vec<String>,
    /// Options that are for one start only: where they are, and what they say.
    pub options: Vec<(String, String)>,
    /// Keystores and truststores that cassandra.yaml names, and whether Cassandra's user can read them.
    pub keystores: Vec<(String, bool)>,
    /// Addresses of the seeds that are names.
    pub seeds: BTreeMap<String, Vec<String>>,
}

/// Cassandra's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its user.
    pub user: String,
    /// The java that it runs; ` (deleted)` at its end when that file is gone.
    pub java: String,
    /// Whether there is no such file any more.
    pub java_gone: bool,
    /// The jar of Cassandra that it has open; ` (deleted)` at its end when that file is gone.
    pub jar: Option<String>,
}

impl Restart {
    /// From what the script printed.
    pub fn read(fields: &Fields) -> Self {
        let text = |key| fields.get(key).unwrap_or_default().to_owned();
        let list = |key| fields.all(key).map(str::to_owned).collect();
        let pairs = |key| fields.all(key).filter_map(|line| line.split_once('\t'));
        let mut seeds: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, address) in pairs("seed") {
            seeds.entry(name.to_owned()).or_default().push(address.to_owned());
        }
        Self {
            process: fields.get("started").map(|_| Process {
                user: text("user"),
                java: text("java"),
                java_gone: fields.get("java_gone").is_some(),
                jar: fields.get("jar").map(str::to_owned),
            }),
            installed: list("installed"),
            changed: list("changed"),
            options: pairs("option").map(|(file, option)| (file.to_owned(), option.to_owned())).collect(),
            keystores: pairs("keystore").map(|(file, readable)| (file.to_owned(), readable == "yes")).collect(),
            seeds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_prints_is_read() {
        let text = "user=cassandra\nstarted=1795380000\njava=/usr/lib/jvm/17/bin/java (deleted)\n\
                    jar=/opt/cassandra/lib/apache-cassandra-5.0.8.jar\ninstalled=apache-cassandra-5.0.8.jar\n\
                    changed=/opt/cassandra/conf/cassandra.yaml\noption=its command line\t-Dcassandra.join_ring=false\n\
                    keystore=/opt/cassandra/conf/.keystore\tno\nseed=cass1.lab\t10.77.0.11\nseed=cass1.lab\tfd00::11\n";
        let found = Restart::read(&Fields::parse(text));
        let process = found.process.unwrap();
        assert_eq!((process.user.as_str(), process.java.ends_with("(deleted)")), ("cassandra", true));
        assert_eq!(found.options, [("its command line".to_owned(), "-Dcassandra.join_ring=false".to_owned())]);
        assert_eq!(found.keystores, [("/opt/cassandra/conf/.keystore".to_owned(), false)]);
        assert_eq!((found.seeds["cass1.lab"].len(), found.changed.len(), found.installed.len()), (2, 1, 1));
        assert_eq!(Restart::read(&Fields::parse("")), Restart::default());
    }
}
