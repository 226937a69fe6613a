//! The inventory as written: serde shapes without judgement.
//!
//! Everything that validation could judge is optional and of the widest type here, so that one run
//! of `validate` can report all problems; serde stops at its first one. Scalars for `String` come as
//! they are written (`expect: 1.50` stays `1.50`).

use std::path::Path;

use serde::de::{Deserialize, Deserializer};

use super::error::{InventoryError, Problem};
use crate::yaml;

/// Parses the shapes; unknown keys, duplicates and wrong types are refused here.
pub fn parse(text: &str, path: &Path) -> Result<Raw, InventoryError> {
    yaml::load_with(text, advice).map_err(|error| InventoryError::Invalid {
        path: path.to_owned(),
        problems: vec![Problem { line: error.line.unwrap_or(1), what: error.to_string() }],
    })
}

/// A key that may be given, be `null` (back to the default, also against an outer default) or be
/// absent (the outer default holds).
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Key<T> {
    /// Not written.
    #[default]
    Absent,
    /// `key: null`.
    Null,
    /// `key: value`.
    Set(T),
}

impl<T> Key<T> {
    /// The value, when there is one.
    pub fn get(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Key<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Set))
    }
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident = $expecting:literal { $($field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
        #[serde(deny_unknown_fields, default, expecting = $expecting)]
        pub struct $name { $(pub $field: $type,)* }
    )*};
}

shapes! {
    /// The file.
    Raw = "a map with the keys cluster, nodes, …" {
        cluster: Key<String>,
        ssh: Key<RawSsh>,
        cassandra: Key<RawCassandra>,
        nodes: Key<Vec<RawNode>>,
        gateways: Key<Vec<RawGateway>>,
        clients: Key<Vec<RawClient>>,
        backup: Key<RawBackup>,
        keyspaces: Key<Vec<String>>,
        remote_dir: Key<String>,
        limits: Key<RawLimits>,
        acceptance: Key<Vec<RawAcceptance>>,
    }
    /// `ssh`, at the top or in a host.
    RawSsh = "a map of ssh settings such as {user: ops}" {
        user: Key<String>,
        port: Key<i64>,
        config: Key<String>,
        identity_file: Key<String>,
        r#become: Key<String>,
        become_user: Key<String>,
    }
    /// `cassandra`, at the top or in a node.
    RawCassandra = "a map of Cassandra settings such as {home: /opt/cassandra}" {
        home: Key<String>,
        conf: Key<String>,
        start: Key<String>,
        stop: Key<String>,
        run_as: Key<String>,
        nodetool: Key<RawNodetool>,
        cqlsh: Key<RawCqlsh>,
    }
    /// `nodetool`.
    RawNodetool = "a map such as {command: nodetool}" {
        command: Key<String>,
        args: Key<Vec<String>>,
        username: Key<String>,
        password_file: Key<String>,
    }
    /// `cqlsh`.
    RawCqlsh = "a map such as {command: cqlsh, port: 9042}" {
        command: Key<String>,
        args: Key<Vec<String>>,
        host: Key<String>,
        port: Key<i64>,
        username: Key<String>,
        password_env: Key<String>,
        password_file: Key<String>,
    }
    /// One of `nodes`.
    RawNode = "a node such as {name: cass1, host: 10.0.0.11}" {
        name: Key<String>,
        host: Key<String>,
        seed: Key<bool>,
        absent: Key<bool>,
        ssh: Key<RawSsh>,
        cassandra: Key<RawCassandra>,
    }
    /// One of `gateways`.
    RawGateway = "a gateway such as {name: gw1, host: 10.0.0.21, install_dir: /opt/Axway, instances: […]}" {
        name: Key<String>,
        host: Key<String>,
        install_dir: Key<String>,
        instances: Key<Vec<RawInstance>>,
        run_as: Key<String>,
        ssh: Key<RawSsh>,
    }
    /// One of `instances`.
    RawInstance = "an instance such as {name: Instance1, group: Group1}" {
        name: Key<String>,
        group: Key<String>,
    }
    /// One of `clients`.
    RawClient = "a client such as {name: portal, host: 10.0.0.22, stop: …, start: …, status: …}" {
        name: Key<String>,
        host: Key<String>,
        stop: Key<String>,
        start: Key<String>,
        status: Key<String>,
        run_as: Key<String>,
        ssh: Key<RawSsh>,
    }
    /// `backup`.
    RawBackup = "a map such as {root: /backup}" {
        root: Key<String>,
        node: Key<String>,
        allow_same_disk: Key<bool>,
    }
    /// `limits`.
    RawLimits = "a map such as {ready: 15m}" {
        connects: Key<i64>,
        channels: Key<i64>,
        copies: Key<i64>,
        copy_rate: Key<String>,
        connect: Key<String>,
        silence: Key<String>,
        settle: Key<String>,
        ready: Key<String>,
        repair_stall: Key<String>,
        run: Key<String>,
    }
    /// One of `acceptance`.
    RawAcceptance = "a check such as {keyspace: ks, query: \"SELECT …\"}" {
        keyspace: Key<String>,
        query: Key<String>,
        expect: Key<String>,
    }
}

/// What people write who know another tool, and what they mean. Spelling is [`yaml`]'s business.
fn advice(place: &str, key: &str) -> Option<String> {
    let area = place.rsplit('.').next().unwrap_or_default();
    let area = area.split('[').next().unwrap_or_default();
    let host = matches!(area, "nodes" | "gateways" | "clients");
    let text = match (area, key) {
        ("cassandra", k)
            if k.starts_with("data") || k.contains("commitlog") || k.contains("hints") || k.contains("caches") =>
        {
            "directories are read from cassandra.yaml on the node; say where that is with `conf`"
        }
        ("cqlsh" | "nodetool", "user" | "login") => "did you mean `username`?",
        ("cqlsh", "password" | "pass") => {
            "passwords are not kept in the inventory; name an environment variable with `password_env` \
             or a file with `password_file`"
        }
        ("nodetool", "password" | "password_env" | "pass") => {
            "passwords are not kept in the inventory; `password_file` names a file on the node"
        }
        ("nodetool", "host" | "port") => "give it to nodetool with `args`, such as [-p, \"7199\"]",
        ("ssh", "username" | "login" | "remote_user") => "did you mean `user`?",
        ("ssh", "key" | "key_file" | "identity" | "private_key" | "ssh_key") => "did you mean `identity_file`?",
        ("ssh", "sudo") => "did you mean `become: sudo`?",
        ("ssh", "password" | "pass") => "reseed logs in with keys or an agent only; see `identity_file`",
        ("ssh", "host" | "hostname") => "`host` belongs to the node itself, beside its `name`",
        (_, "address" | "addr" | "ip" | "hostname" | "ansible_host") if host => "did you mean `host`?",
        (_, "user" | "port" | "identity_file" | "become" | "become_user" | "config") if host => {
            return Some(format!("it belongs under `ssh`: `ssh: {{{key}: …}}`"));
        }
        ("nodes" | "", "home" | "conf" | "start" | "stop" | "run_as" | "nodetool" | "cqlsh") => {
            return Some(format!("it belongs under `cassandra`: `cassandra: {{{key}: …}}`"));
        }
        ("gateways", "path" | "home" | "dir" | "install_path") => "did you mean `install_dir`?",
        ("", "cluster_name" | "name") => "did you mean `cluster`?",
        ("", "seeds") => "mark a node as a seed with `seed: true` in `nodes`",
        ("", "user" | "port" | "identity_file" | "become" | "become_user") => {
            return Some(format!("it belongs under `ssh`: `ssh: {{{key}: …}}`"));
        }
        _ => return None,
    };
    Some(text.to_owned())
}
