//! A host's folder on the machine: what becomes its /etc, /opt, /home, …
//!
//! /etc is a copy of the machine's with the lab's users, keys and services, so
//! nothing of the machine itself is changed.

use std::{
    fs,
    os::unix::fs::{chown, symlink},
    path::Path,
};

use crate::{
    Disk, Error, Host, Init, Options, Result, Role,
    conf::{self, HOME},
    image,
    network::WORLD_ADDRESS,
    paths::{make_dir, read, set_mode, venv, write},
    process::{command, run},
    systemd,
    version::Version,
};

/// The users of every host: name, id, login shell.
const USERS: [(&str, u32); 3] = [("cassandra", 9042), ("ops", 9043), ("gateway", 9044)];

/// What all hosts of a lab have in common.
pub(crate) struct Common<'a> {
    pub(crate) options: &'a Options,
    pub(crate) version: &'static Version,
    pub(crate) hosts: &'a [Host],
    /// The version's folder in the cache.
    pub(crate) jars: &'a Path,
    /// The public key that may log in.
    pub(crate) public_key: &'a str,
}

/// Makes the folder of a host.
pub(crate) fn make(common: &Common, host: &Host) -> Result<()> {
    for sub in ["root", "etc", "opt", "home", "root-home", "lab", "var/lib", "var/cache"] {
        make_dir(host.dir.join(sub))?;
    }
    for sub in ["var/log", "var/spool", "var/mail"] {
        make_dir(host.dir.join(sub))?;
    }
    for sub in ["tmp", "var/tmp"] {
        make_dir(host.dir.join(sub))?;
        set_mode(host.dir.join(sub), 0o1777)?;
    }
    link("/run", &host.dir.join("var/run"))?;
    link("/run/lock", &host.dir.join("var/lock"))?;
    set_mode(host.dir.join("root-home"), 0o700)?;

    etc(common, host)?;
    homes(common, host)?;
    let lab = host.dir.join("lab");
    write(lab.join("cql.py"), include_str!("py/cql.py"), 0o644)?;
    match host.role {
        Role::Node { dc, .. } => node(common, host, dc)?,
        Role::Gateway => gateway(common, host, &lab)?,
    }
    if host.init == Init::Systemd {
        systemd::configure(host, &host.dir.join("etc"))?;
    }
    if host.disk == Disk::Image { image::pack(host) } else { Ok(()) }
}

fn etc(common: &Common, host: &Host) -> Result<()> {
    let etc = host.dir.join("etc");
    let target = etc.to_string_lossy().into_owned();
    run("copying /etc", &mut command("cp", ["-a", "/etc/.", &target]))?;

    users(&etc)?;
    write(etc.join("hostname"), format!("{}\n", host.name), 0o644)?;
    let hosts: Vec<String> = common
        .hosts
        .iter()
        .map(|host| {
            format!(
                "{} {}
",
                host.address, host.name
            )
        })
        .collect();
    let local = "127.0.0.1 localhost\n::1 localhost\n";
    write(etc.join("hosts"), format!("{local}{WORLD_ADDRESS} world\n{}", hosts.concat()), 0o644)?;
    // A link to somewhere in /run, on some machines; there is no resolver here.
    drop(fs::remove_file(etc.join("resolv.conf")));
    write(etc.join("resolv.conf"), "", 0o644)?;
    let env = format!("LAB_VENV={}\nLAB_ADDRESS={}\n", venv().display(), host.address);
    write(etc.join("lab.env"), env, 0o644)?;

    make_dir(etc.join("sudoers.d"))?;
    write(etc.join("sudoers.d/lab"), include_str!("conf/sudoers"), 0o440)?;

    let ssh = etc.join("ssh");
    make_dir(&ssh)?;
    for entry in fs::read_dir(&ssh).map_err(Error::file("listing", &ssh))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with("ssh_host_") {
            drop(fs::remove_file(entry.path()));
        }
    }
    write(ssh.join("sshd_config"), include_str!("conf/sshd_config"), 0o644)?;
    let key = ssh.join("ssh_host_ed25519_key").to_string_lossy().into_owned();
    let comment = format!("root@{}", host.name);
    let make = ["-q", "-t", "ed25519", "-N", "", "-C", &comment, "-f", &key];
    run("making a host key", &mut command("ssh-keygen", make))?;
    Ok(())
}

/// Puts the lab's users into a host's own passwd, group and shadow. `*` is no
/// password, but not a locked account either: sshd refuses those.
fn users(etc: &Path) -> Result<()> {
    let add = |file: &str, mode: u32, line: fn(&str, u32) -> String| {
        let path = etc.join(file);
        let before = read(&path)?;
        let others = before.lines().filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            USERS.iter().all(|(user, _)| *user != name)
        });
        let ours = USERS.iter().map(|(name, id)| line(name, *id));
        let mut text = others.map(str::to_owned).chain(ours).collect::<Vec<_>>().join("\n");
        text.push('\n');
        write(path, text, mode)
    };
    add("passwd", 0o644, |name, id| format!("{name}:x:{id}:{id}::/home/{name}:/bin/bash"))?;
    add("group", 0o644, |name, id| format!("{name}:x:{id}:"))?;
    add("shadow", 0o640, |name, _| format!("{name}:*:20000:0:99999:7:::"))
}

fn homes(common: &Common, host: &Host) -> Result<()> {
    authorize(common, &host.dir.join("root-home"))?;
    for (name, id) in USERS {
        let home = host.dir.join("home").join(name);
        authorize(common, &home)?;
        own(&home, id)?;
    }
    Ok(())
}

fn authorize(common: &Common, home: &Path) -> Result<()> {
    let ssh = home.join(".ssh");
    make_dir(&ssh)?;
    set_mode(&ssh, 0o700)?;
    write(ssh.join("authorized_keys"), common.public_key, 0o600)
}

fn node(common: &Common, host: &Host, dc: usize) -> Result<()> {
    let home = host.path(HOME);
    for sub in ["bin", "conf", "logs"] {
        make_dir(home.join(sub))?;
    }
    for sub in ["data", "commitlog", "saved_caches", "hints", "cdc_raw"] {
        make_dir(home.join("data").join(sub))?;
    }
    for root in conf::data_roots(common.options) {
        make_dir(home.join(root).join("data"))?;
    }
    for (name, script) in [
        ("cassandra", include_str!("sh/cassandra.sh")),
        ("nodetool", include_str!("sh/nodetool.sh")),
        ("cqlsh", include_str!("sh/cqlsh.sh")),
    ] {
        write(home.join("bin").join(name), script, 0o755)?;
    }
    link(common.jars.join("lib"), &home.join("lib"))?;
    link(common.jars.join("tools"), &home.join("tools"))?;
    for (name, content) in conf::FILES {
        write(home.join("conf").join(name), content, 0o644)?;
    }
    let yaml = conf::yaml(common.options, common.version, &seeds(common.hosts), &host.address);
    write(home.join("conf/cassandra.yaml"), yaml, 0o644)?;
    write(home.join("conf/cassandra-rackdc.properties"), conf::rackdc(dc), 0o644)?;
    own(&home, USERS[0].1)?;
    if host.init == Init::Systemd {
        return Ok(());
    }
    write(host.path("/etc/init.d/cassandra"), include_str!("sh/initd-cassandra.sh"), 0o755)
}

/// The addresses of the seeds.
fn seeds(hosts: &[Host]) -> Vec<&str> {
    let seeds = hosts.iter().filter(|host| matches!(host.role, Role::Node { seed: true, .. }));
    seeds.map(|host| host.address.as_str()).collect()
}

fn gateway(common: &Common, host: &Host, lab: &Path) -> Result<()> {
    write(lab.join("vshell.py"), include_str!("py/vshell.py"), 0o644)?;
    let install = host.path("/opt/Axway");
    let bin = install.join("apigateway/posix/bin");
    let group = install.join("apigateway/groups/topologyId-1/conf");
    for dir in [&bin, &group, &install.join("log")] {
        make_dir(dir)?;
    }
    write(bin.join("startinstance"), include_str!("sh/startinstance.sh"), 0o755)?;
    write(install.join("instances"), "Instance1 Group1\n", 0o644)?;
    let store = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<entityStoreData group=\"Group1\"/>\n";
    write(group.join("PrimaryStore.xml"), store, 0o644)?;
    let nodes = common.hosts.iter().filter(|host| host.is_node());
    let replication: serde_json::Map<String, serde_json::Value> =
        common.options.replication().into_iter().map(|(dc, count)| (dc, count.into())).collect();
    let client = serde_json::json!({
        "contact_points": nodes.map(|node| node.address.as_str()).collect::<Vec<_>>(),
        "username": "lab",
        "password": "lab",
        "keyspace": "gateway_kps",
        "table": "heartbeat",
        "replication": replication,
        "schema_tables": common.version.schema_tables,
        "log": "/opt/Axway/log/acked.log",
    });
    write(install.join("client.json"), format!("{client:#}\n"), 0o644)?;
    own(&install, USERS[2].1)
}

fn link(target: impl AsRef<Path>, path: &Path) -> Result<()> {
    symlink(target, path).map_err(Error::file("making the link", path))
}

/// Gives a tree to a user, without following links.
fn own(path: &Path, id: u32) -> Result<()> {
    chown(path, Some(id), Some(id)).map_err(Error::file("changing the owner of", path))?;
    let (who, what) = (format!("{id}:{id}"), path.to_string_lossy().into_owned());
    run("changing an owner", &mut command("chown", ["-R", "-h", &who, &what])).map(drop)
}
