//! cassandra-medusa as its manual has it: `medusa backup` on every node, `medusa restore-cluster` on one.
//!
//! What it needed besides: its Python environment on every node, a configuration with the database's
//! password, a login from one node to all others, and a storage that every node sees. That would be a
//! bucket or an NFS share; here each node's own directory is given the files of all, once, after the backups.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use lab::Host;

use super::site::{KEYSPACE, Site, TAG, each, on};
use crate::{Result, meter, venv};

/// Its storage on each node.
const STORE: &str = "/var/medusa";
/// Where it puts what it fetches.
const TEMP: &str = "/var/tmp";

/// Sets it up and takes its backup.
pub fn prepare(site: &Site) -> Result<()> {
    let nodes = site.lab.nodes();
    each(nodes, |node| {
        let path = |path: &str| node.path(path);
        fs::create_dir_all(path("/etc/medusa"))?;
        fs::create_dir_all(path(STORE))?;
        fs::write(path("/etc/medusa/medusa.ini"), configuration(node))?;
        for program in ["medusa", "medusa-wrapper"] {
            let link = path("/opt/cassandra/bin").join(program);
            if fs::symlink_metadata(&link).is_err() {
                symlink(venv().join("bin").join(program), link)?;
            }
        }
        on(node, "mkdir -p /root/.ssh && chmod 700 /root/.ssh")?;
        meter::run(Command::new("cp").arg(site.lab.dir().join("id_ed25519")).arg(path("/root/.ssh/medusa")))?;
        on(
            node,
            &format!(
                "cd /var/tmp && medusa backup --backup-name {TAG} --mode full >/var/log/medusa.log 2>&1 || {{ tail -n 5 /var/log/medusa.log; exit 1; }}"
            ),
        )
    })?;
    for from in nodes {
        for to in nodes.iter().filter(|to| to.name != from.name) {
            let source = from.path(STORE).join("bench");
            let parts = [from.name.as_str(), "index"];
            for part in parts {
                let target = to.path(STORE).join("bench");
                meter::run(Command::new("cp").args(["-a", "--no-clobber"]).arg(source.join(part)).arg(target))?;
            }
        }
    }
    Ok(())
}

/// Restores the keyspace.
pub fn restore(site: &Site) -> Result<()> {
    let gateway = site.lab.gateway("gw1")?;
    gateway.stop()?;
    let restore = format!(
        "cd {TEMP} && medusa restore-cluster --backup-name {TAG} --seed-target cass1 --keyspace {KEYSPACE} --temp-dir {TEMP} \
         --bypass-checks >/var/log/medusa.log 2>&1 || {{ grep -v DEBUG /var/log/medusa.log | tail -n 12; exit 1; }}"
    );
    let restored = on(&site.lab.nodes()[0], &restore);
    // it says that the cluster will be up shortly: so the operator waits for that
    if restored.is_ok() {
        site.lab.wait_un()?;
    }
    gateway.start()?;
    restored
}

fn configuration(node: &Host) -> String {
    format!(
        "[cassandra]\nstart_cmd = service cassandra start\nstop_cmd = service cassandra stop\n\
         config_file = /opt/cassandra/conf/cassandra.yaml\ncql_username = lab\ncql_password = lab\nnodetool_flags =\n\
         use_sudo = False\n\
         [storage]\nstorage_provider = local\nbucket_name = bench\nbase_path = {STORE}\nprefix =\nkey_file =\nfqdn = {}\n\
         concurrent_transfers = 4\nuse_sudo_for_restore = False\n\
         [ssh]\nusername = root\nkey_file = /root/.ssh/medusa\n",
        node.name
    )
}
