//! The variables with which scripts call a node's tools (`nt` and `cql` of the prelude).

use super::{Cqlsh, Nodetool};
use crate::script::Script;

impl Nodetool {
    /// Adds nodetool and its connection arguments, which go before the sub-command.
    pub fn vars(&self, script: Script) -> Script {
        let mut args = self.args.clone();
        for (flag, value) in [("-u", &self.username), ("-pwf", &self.password_file)] {
            args.extend(value.iter().flat_map(|v| [flag.to_owned(), v.clone()]));
        }
        script.var("NODETOOL", &self.command).list("NODETOOL_ARGS", args)
    }
}

impl Cqlsh {
    /// Adds cqlsh and where it connects to: the inventory's address, else the node's own.
    pub fn vars(&self, script: Script, own_address: &str) -> Script {
        script
            .var("CQLSH", &self.command)
            .list("CQLSH_ARGS", &self.args)
            .var("CQL_HOST", self.host.as_deref().unwrap_or(own_address))
            .var("CQL_PORT", self.port)
            .var("CQL_USER", self.username.as_deref().unwrap_or(""))
    }
}
