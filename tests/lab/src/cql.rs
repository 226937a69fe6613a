//! CQL through one node: the Python driver, run inside the node's host, told to
//! talk to that node only.

use std::{fmt, process::Command};

use serde::Deserialize;
use serde_json::json;

use crate::{
    Error, Host, Result,
    paths::venv,
    process::{failed, output},
};

/// The consistency level of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consistency {
    /// One replica.
    One,
    /// A majority of all replicas.
    Quorum,
    /// A majority of those in the data centre.
    LocalQuorum,
    /// Every replica.
    All,
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "ONE",
            Self::Quorum => "QUORUM",
            Self::LocalQuorum => "LOCAL_QUORUM",
            Self::All => "ALL",
        })
    }
}

/// Who logs in.
#[derive(Clone, Copy)]
pub(crate) struct Login {
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
}

/// The role that every lab has; a superuser.
pub(crate) const LAB: Login = Login { name: "lab", password: "lab" };
/// The superuser that Cassandra makes; it reads its own record at QUORUM.
pub(crate) const DEFAULT: Login = Login { name: "cassandra", password: "cassandra" };

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Rows {
        rows: Vec<Vec<String>>,
    },
    Error {
        error: String,
        #[serde(default)]
        statement: String,
    },
}

/// Runs statements through a node and nothing but that node, one after the
/// other or, with a higher concurrency, many at once.
pub(crate) fn execute(
    host: &Host,
    login: Login,
    statements: &[impl AsRef<str>],
    consistency: Consistency,
    concurrency: usize,
) -> Result<Vec<Vec<String>>> {
    let request = json!({
        "address": host.address,
        "username": login.name,
        "password": login.password,
        "consistency": consistency.to_string(),
        "statements": statements.iter().map(AsRef::as_ref).collect::<Vec<_>>(),
        "concurrency": concurrency,
    });
    let what = format!("CQL through {}", host.name);
    let mut command: Command = host.command(&venv().join("bin/python").to_string_lossy());
    command.arg("/lab/cql.py");
    let output = output(&what, &mut command, request.to_string().as_bytes())?;
    match serde_json::from_slice(&output.stdout) {
        Ok(Answer::Rows { rows }) => Ok(rows),
        Ok(Answer::Error { error, statement }) => Err(Error::Cql { host: host.name.clone(), error, statement }),
        Err(_) => Err(failed(&what, &command, &output)),
    }
}
