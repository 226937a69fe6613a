//! cassandra.yaml, as far as a restore depends on it: [`Conf`].
//!
//! Only the keys below are kept. Passwords of keystores and the like are dropped here, so that
//! they cannot reach a fact, a plan or a report.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::sstable::StorageMode;
use super::{Unreadable, excerpt};
use crate::yaml;

/// What cassandra.yaml says, with Cassandra's defaults for what it does not say.
#[expect(clippy::struct_excessive_bools, reason = "they are switches of Cassandra's, independent of each other")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conf {
    /// `cluster_name`.
    pub cluster_name: String,
    /// Never empty.
    pub data_file_directories: Vec<String>,
    /// `commitlog_directory`.
    pub commitlog_directory: String,
    /// `saved_caches_directory`.
    pub saved_caches_directory: String,
    /// `hints_directory`; of no meaning before 3.0.
    pub hints_directory: String,
    /// `cdc_raw_directory`.
    pub cdc_raw_directory: String,
    /// `cdc_enabled`.
    pub cdc_enabled: bool,
    /// `local_system_data_file_directory` (4.0+).
    pub local_system_data_file_directory: Option<String>,
    /// `listen_address`; `None`: by interface or the host's name.
    pub listen_address: Option<String>,
    /// `broadcast_address`.
    pub broadcast_address: Option<String>,
    /// `rpc_address`; `None`: by interface or the host's name.
    pub rpc_address: Option<String>,
    /// `broadcast_rpc_address`.
    pub broadcast_rpc_address: Option<String>,
    /// `start_native_transport`.
    pub start_native_transport: bool,
    /// `rpc_port`: Thrift, before 4.0.
    #[serde(default)]
    pub rpc_port: u16,
    /// `native_transport_port`.
    pub native_transport_port: u16,
    /// `native_transport_port_ssl`: of its own for encrypted clients (3.0 to 5.0).
    #[serde(default)]
    pub native_transport_port_ssl: Option<u16>,
    /// `storage_port`.
    pub storage_port: u16,
    /// `ssl_storage_port`.
    pub ssl_storage_port: u16,
    /// Class name without its package.
    pub partitioner: String,
    /// `num_tokens`; `None`: one, by `initial_token`.
    pub num_tokens: Option<u32>,
    /// Addresses of the `SimpleSeedProvider`.
    pub seeds: Vec<String>,
    /// Class name without its package.
    pub endpoint_snitch: String,
    /// Class name without its package.
    pub authenticator: String,
    /// `uuid_sstable_identifiers_enabled` (4.1+).
    pub uuid_sstable_identifiers_enabled: bool,
    /// `storage_compatibility_mode` (5.0+).
    pub storage_compatibility_mode: StorageMode,
    /// `incremental_backups`.
    pub incremental_backups: bool,
    /// `auto_snapshot`.
    pub auto_snapshot: bool,
    /// Keystores and truststores that are in use, as written (a relative one is below the process's directory).
    #[serde(default)]
    pub keystores: Vec<String>,
}

impl Conf {
    /// Reads a cassandra.yaml; directories default to those below `HOME/data`, which is what
    /// `bin/cassandra` sets `cassandra.storagedir` to.
    pub fn from_yaml(text: &str, home: &str) -> Result<Self, Unreadable> {
        Self::with_storage_dir(text, &format!("{}/data", home.trim_end_matches('/')))
    }

    /// Its seeds without their ports.
    pub fn seed_hosts(&self) -> impl Iterator<Item = &str> {
        self.seeds.iter().map(|seed| match seed.rsplit_once(':') {
            // an IPv6 address has more than one colon, and one with a port has brackets
            Some((host, _)) if !host.contains(':') => host,
            Some((host, _)) if host.ends_with(']') => host.trim_matches(['[', ']']),
            _ => seed.trim_matches(['[', ']']),
        })
    }

    /// Those of them that are no addresses.
    pub fn seed_names(&self) -> impl Iterator<Item = &str> {
        self.seed_hosts().filter(|host| host.parse::<std::net::IpAddr>().is_err())
    }

    /// As [`Self::from_yaml`], for a process that has another `-Dcassandra.storagedir`.
    pub fn with_storage_dir(text: &str, storage: &str) -> Result<Self, Unreadable> {
        let yaml = yaml::loose(text).map_err(|error| match error.line {
            Some(line) => bad(format!("line {line}: {error}")),
            None => bad(error.to_string()),
        })?;
        let Value::Object(keys) = yaml else { return Err(bad("it is no map of settings")) };
        Keys { keys: &keys, storage }.conf()
    }
}

fn bad(why: impl Into<String>) -> Unreadable {
    Unreadable::new("cassandra.yaml", why)
}

struct Keys<'a> {
    keys: &'a Map<String, Value>,
    storage: &'a str,
}

impl Keys<'_> {
    fn conf(&self) -> Result<Conf, Unreadable> {
        Ok(Conf {
            cluster_name: self.text("cluster_name")?.unwrap_or_else(|| "Test Cluster".to_owned()),
            data_file_directories: self.data_directories()?,
            commitlog_directory: self.directory("commitlog_directory", "commitlog")?,
            saved_caches_directory: self.directory("saved_caches_directory", "saved_caches")?,
            hints_directory: self.directory("hints_directory", "hints")?,
            cdc_raw_directory: self.directory("cdc_raw_directory", "cdc_raw")?,
            cdc_enabled: self.flag("cdc_enabled", false)?,
            local_system_data_file_directory: match self.text("local_system_data_file_directory")? {
                Some(path) => Some(absolute("local_system_data_file_directory", &path)?),
                None => None,
            },
            listen_address: self.text("listen_address")?,
            broadcast_address: self.text("broadcast_address")?,
            rpc_address: self.text("rpc_address")?,
            broadcast_rpc_address: self.text("broadcast_rpc_address")?,
            start_native_transport: self.flag("start_native_transport", true)?,
            rpc_port: self.number("rpc_port")?.unwrap_or(9160),
            native_transport_port: self.number("native_transport_port")?.unwrap_or(9042),
            native_transport_port_ssl: self.number("native_transport_port_ssl")?,
            storage_port: self.number("storage_port")?.unwrap_or(7000),
            ssl_storage_port: self.number("ssl_storage_port")?.unwrap_or(7001),
            partitioner: self.class("partitioner", "Murmur3Partitioner")?,
            num_tokens: self.number("num_tokens")?,
            seeds: self.seeds(),
            endpoint_snitch: self.class("endpoint_snitch", "SimpleSnitch")?,
            authenticator: self.class("authenticator", "AllowAllAuthenticator")?,
            uuid_sstable_identifiers_enabled: self.flag("uuid_sstable_identifiers_enabled", false)?,
            storage_compatibility_mode: self.storage_mode()?,
            incremental_backups: self.flag("incremental_backups", false)?,
            auto_snapshot: self.flag("auto_snapshot", true)?,
            keystores: self.keystores(),
        })
    }

    /// A scalar as text; empty and null count as not given, as in Cassandra.
    fn text(&self, key: &str) -> Result<Option<String>, Unreadable> {
        match self.keys.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
            Some(_) => Err(bad(format!("{key} is no single value"))),
        }
    }

    /// YAML 1.1, which Cassandra reads, knows more words for true than 1.2.
    fn flag(&self, key: &str, default: bool) -> Result<bool, Unreadable> {
        let Some(text) = self.text(key)? else { return Ok(default) };
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            _ => Err(bad(format!("{key} is {:?} instead of true or false", excerpt(&text)))),
        }
    }

    fn number<N: std::str::FromStr>(&self, key: &str) -> Result<Option<N>, Unreadable> {
        let Some(text) = self.text(key)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| bad(format!("{key} is {:?}, which is no such number", excerpt(&text))))
    }

    /// A class: `org.apache.cassandra.dht.Murmur3Partitioner`, or (5.0) a map with `class_name`.
    fn class(&self, key: &str, default: &str) -> Result<String, Unreadable> {
        let name = match self.keys.get(key) {
            Some(Value::Object(map)) => map.get("class_name").and_then(Value::as_str).map(str::to_owned),
            _ => self.text(key)?,
        };
        Ok(short(name.as_deref().unwrap_or(default)).to_owned())
    }

    fn directory(&self, key: &str, default: &str) -> Result<String, Unreadable> {
        match self.text(key)? {
            Some(path) => absolute(key, &path),
            None => absolute(key, &format!("{}/{default}", self.storage)),
        }
    }

    fn data_directories(&self) -> Result<Vec<String>, Unreadable> {
        let key = "data_file_directories";
        let paths = match self.keys.get(key) {
            Some(Value::Array(paths)) if !paths.is_empty() => paths,
            None | Some(Value::Null | Value::Array(_)) => return Ok(vec![self.directory("", "data")?]),
            Some(_) => return Err(bad(format!("{key} is no list"))),
        };
        let path = |value: &Value| match value {
            Value::String(path) => absolute(key, path),
            _ => Err(bad(format!("{key} holds something that is no path"))),
        };
        paths.iter().map(path).collect()
    }

    /// Those of encryption that is switched on; never their passwords.
    fn keystores(&self) -> Vec<String> {
        let said = |options: &str, key: &str| {
            let value = self.keys.get(options).and_then(|options| options.get(key))?;
            value.as_str().map(str::to_owned).or_else(|| value.as_bool().map(|flag| flag.to_string()))
        };
        let on = |options: &str, key: &str| said(options, key).is_some_and(|value| value == "true");
        let (server, client) = ("server_encryption_options", "client_encryption_options");
        let mut found = vec![];
        if said(server, "internode_encryption").is_some_and(|value| value != "none") {
            found.extend(["keystore", "truststore"].map(|key| said(server, key)));
        }
        if on(client, "enabled") {
            found.push(said(client, "keystore"));
            if on(client, "require_client_auth") {
                found.push(said(client, "truststore"));
            }
        }
        let mut found: Vec<String> = found.into_iter().flatten().filter(|path| !path.is_empty()).collect();
        found.sort();
        found.dedup();
        found
    }

    fn storage_mode(&self) -> Result<StorageMode, Unreadable> {
        let key = "storage_compatibility_mode";
        match self.text(key)?.as_deref() {
            None | Some("CASSANDRA_4") => Ok(StorageMode::Cassandra4),
            Some("UPGRADING") => Ok(StorageMode::Upgrading),
            Some("NONE") => Ok(StorageMode::None),
            Some(other) => Err(bad(format!("{key} is {:?}, which is not known", excerpt(other)))),
        }
    }

    /// `seed_provider: [{class_name: …, parameters: [{seeds: "a, b"}]}]`; other providers keep
    /// their seeds elsewhere, which gives an empty list.
    fn seeds(&self) -> Vec<String> {
        let providers = self.keys.get("seed_provider");
        let provider = providers.map(|p| p.get(0).unwrap_or(p)).and_then(|p| p.get("parameters"));
        let seeds = provider.map(|p| p.get(0).unwrap_or(p)).and_then(|p| p.get("seeds")).and_then(Value::as_str);
        let seeds = seeds.unwrap_or_default().split(',').map(str::trim).filter(|s| !s.is_empty());
        seeds.map(str::to_owned).collect()
    }
}

/// Paths enter scripts one per line and are compared as text, hence the same rules as for the
/// inventory's.
fn absolute(key: &str, path: &str) -> Result<String, Unreadable> {
    let trimmed = path.trim_end_matches('/');
    let sound = trimmed.starts_with('/')
        && !path.chars().any(char::is_control)
        && !trimmed.split('/').any(|part| matches!(part, "." | ".."));
    if sound { Ok(trimmed.replace("//", "/")) } else { Err(bad(format!("{key}: {path:?} is no plain absolute path"))) }
}

/// A class name without its package.
pub(super) fn short(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_commented_out_has_cassandras_default() {
        let text =
            "cluster_name: 'Lab Cluster'\n# data_file_directories:\n#     - /var/lib/cassandra/data\nnum_tokens: 16\n";
        let conf = Conf::from_yaml(text, "/opt/cassandra/").unwrap();
        assert_eq!(conf.data_file_directories, ["/opt/cassandra/data/data"]);
        assert_eq!(conf.commitlog_directory, "/opt/cassandra/data/commitlog");
        assert_eq!(conf.saved_caches_directory, "/opt/cassandra/data/saved_caches");
        assert_eq!(conf.hints_directory, "/opt/cassandra/data/hints");
        assert_eq!((conf.native_transport_port, conf.storage_port, conf.num_tokens), (9042, 7000, Some(16)));
        assert!(conf.start_native_transport && conf.auto_snapshot && !conf.incremental_backups);
        assert_eq!(conf.storage_compatibility_mode, StorageMode::Cassandra4);
    }

    const FULL: &str = "\
cluster_name: Lab Cluster
data_file_directories:
    - /data1/cassandra
    - /data2/cassandra/
commitlog_directory: /log/commit
hints_directory: /h
saved_caches_directory: /s
local_system_data_file_directory: /sys
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: GossipingPropertyFileSnitch
listen_address: 10.77.0.11
rpc_address: 0.0.0.0
broadcast_rpc_address: 10.77.0.11
native_transport_port: 9142
start_native_transport: yes
incremental_backups: true
auto_snapshot: no
uuid_sstable_identifiers_enabled: true
storage_compatibility_mode: NONE
authenticator:
  class_name: org.apache.cassandra.auth.PasswordAuthenticator
  parameters:
seed_provider:
    - class_name: org.apache.cassandra.locator.SimpleSeedProvider
      parameters:
          - seeds: \"10.77.0.11:7000, 10.77.0.12\"
server_encryption_options: {keystore: conf/.keystore, keystore_password: s3cret}
";

    #[test]
    fn what_is_said_is_read() {
        let conf = Conf::from_yaml(FULL, "/opt/cassandra").unwrap();
        assert_eq!(conf.data_file_directories, ["/data1/cassandra", "/data2/cassandra"]);
        assert_eq!(
            (conf.partitioner.as_str(), conf.authenticator.as_str()),
            ("Murmur3Partitioner", "PasswordAuthenticator")
        );
        assert_eq!(conf.seeds, ["10.77.0.11:7000", "10.77.0.12"]);
        assert!(conf.start_native_transport && !conf.auto_snapshot && conf.uuid_sstable_identifiers_enabled);
        assert_eq!((conf.native_transport_port, conf.storage_compatibility_mode), (9142, StorageMode::None));
        assert_eq!(conf.local_system_data_file_directory.as_deref(), Some("/sys"));
    }

    #[test]
    fn keystores_count_where_encryption_is_on() {
        let of = |text: &str| Conf::from_yaml(text, "/c").unwrap().keystores;
        let server = "server_encryption_options: {internode_encryption: all, keystore: conf/.k, truststore: /t}\n";
        let client = "client_encryption_options: {enabled: true, keystore: conf/.k, truststore: /u}\n";
        assert_eq!(of(&format!("{server}{client}")), ["/t", "conf/.k"]);
        assert_eq!(of(&client.replace("true", "true, require_client_auth: true")), ["/u", "conf/.k"]);
        assert!(of(&server.replace("all", "none")).is_empty() && of(&client.replace("true", "false")).is_empty());
    }

    #[test]
    fn seeds_lose_their_ports() {
        let text = "seed_provider: [{parameters: [{seeds: '10.0.0.1:7000,fd00::1,[fd00::2]:7000,cass1.lab'}]}]\n";
        let conf = Conf::from_yaml(text, "/c").unwrap();
        assert_eq!(conf.seed_hosts().collect::<Vec<_>>(), ["10.0.0.1", "fd00::1", "fd00::2", "cass1.lab"]);
        assert_eq!(conf.seed_names().collect::<Vec<_>>(), ["cass1.lab"]);
    }

    #[test]
    fn no_password_survives() {
        let conf = Conf::from_yaml(FULL, "/opt/cassandra").unwrap();
        assert!(!serde_json::to_string(&conf).unwrap().contains("s3cret"));
    }

    #[test]
    fn the_last_duplicate_counts_as_in_cassandra() {
        assert_eq!(Conf::from_yaml("cluster_name: a\ncluster_name: b\n", "/c").unwrap().cluster_name, "b");
    }

    #[test]
    fn a_file_that_cassandra_would_not_take_is_refused_with_its_line() {
        let why = |text: &str| Conf::from_yaml(text, "/c").unwrap_err().to_string();
        assert!(why("a: 1\n\tb: 2\n").contains("line 2"), "{}", why("a: 1\n\tb: 2\n"));
        assert!(why("- a\n").contains("no map"));
        assert!(why("data_file_directories: [data]\n").contains("no plain absolute path"));
        assert!(why("commitlog_directory: \"/a\\n/b\"\n").contains("commitlog_directory"));
        assert!(why("native_transport_port: 99999\n").contains("native_transport_port"));
        assert!(why("auto_snapshot: maybe\n").contains("auto_snapshot"));
    }
}
