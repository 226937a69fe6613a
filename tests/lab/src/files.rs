//! What reseed needs to reach a lab: inventories, ssh's files, the environment.

use std::{fmt::Write, path::Path};

use crate::{
    Host, Init, Result, Role,
    paths::{self, read},
    process::{command, run},
};

/// The password of the role `lab`, in the environment of the coordinator.
pub(crate) const PASSWORD: (&str, &str) = ("RESEED_CQL_PASSWORD", "lab");

/// Makes the key that logs in everywhere; the public half.
pub(crate) fn make_key(dir: &Path) -> Result<String> {
    let key = dir.join("id_ed25519").to_string_lossy().into_owned();
    let make = ["-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", &key];
    run("making the lab's key", &mut command("ssh-keygen", make))?;
    read(dir.join("id_ed25519.pub"))
}

/// Writes the files into the lab's folder.
pub(crate) fn write_all(dir: &Path, hosts: &[Host]) -> Result<()> {
    let put = |name: &str, text: String| paths::write(dir.join(name), text, 0o644);
    put("known_hosts", known_hosts(hosts)?)?;
    put("ssh_config", ssh_config(dir, hosts))?;
    put("inventory.yaml", inventory(dir, hosts, "root", "none"))?;
    put("inventory-sudo.yaml", inventory(dir, hosts, "ops", "sudo"))?;
    let inventory = dir.join("inventory.yaml");
    let (name, value) = PASSWORD;
    put("env", format!("export {name}={value}\nexport RESEED_INVENTORY={}\n", inventory.display()))
}

fn known_hosts(hosts: &[Host]) -> Result<String> {
    let mut text = String::new();
    for host in hosts {
        let key = read(host.path("/etc/ssh/ssh_host_ed25519_key.pub"))?;
        let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        line(&mut text, format_args!("{},{} {key}", host.name, host.address));
    }
    Ok(text)
}

fn ssh_config(dir: &Path, hosts: &[Host]) -> String {
    let dir = dir.display();
    let mut text = String::new();
    for host in hosts {
        line(&mut text, format_args!("Host {}\n    HostName {}", host.name, host.address));
    }
    line(
        &mut text,
        format_args!(
            "Host *
    User root
    IdentityFile {dir}/id_ed25519
    IdentitiesOnly yes
    UserKnownHostsFile {dir}/known_hosts
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes"
        ),
    );
    text
}

fn inventory(dir: &Path, hosts: &[Host], user: &str, become_: &str) -> String {
    // only root may ask systemd to start a unit
    let service = match hosts.first().map(|host| host.init) {
        Some(Init::Systemd) => "start: systemctl start cassandra\n  stop: systemctl stop cassandra\n  run_as: root",
        _ => "start: service cassandra start\n  stop: service cassandra stop\n  run_as: cassandra",
    };
    let mut text = format!(
        "# Written by the lab.
cluster: Lab Cluster
ssh:
  user: {user}
  config: {}/ssh_config
  become: {become_}
cassandra:
  home: /opt/cassandra
  conf: /opt/cassandra/conf
  {service}
  nodetool: {{command: nodetool}}
  cqlsh: {{command: cqlsh, username: lab, password_env: {}}}
nodes:
",
        dir.display(),
        PASSWORD.0,
    );
    for host in hosts {
        if let Role::Node { seed, .. } = host.role {
            let seed = if seed { ", seed: true" } else { "" };
            line(&mut text, format_args!("  - {{name: {}, host: {}{seed}}}", host.name, host.address));
        }
    }
    if hosts.iter().any(|host| !host.is_node()) {
        text.push_str("gateways:\n");
    }
    for host in hosts.iter().filter(|host| !host.is_node()) {
        line(
            &mut text,
            format_args!(
                "  - {{name: {}, host: {}, install_dir: /opt/Axway, instances: [{{name: Instance1, group: Group1}}]}}",
                host.name, host.address
            ),
        );
    }
    text.push_str("backup:\n  root: /backup\n  node: cass1\n");
    text
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("a string takes every text");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Disk;

    fn host(name: &str, address: &str, role: Role) -> Host {
        Host {
            name: name.into(),
            address: address.into(),
            role,
            lab: "lab".into(),
            dir: "/nowhere".into(),
            init: Init::Sh,
            disk: Disk::Folder,
        }
    }

    #[test]
    fn an_inventory_names_every_host() {
        let hosts = [
            host("cass1", "10.77.0.11", Role::Node { dc: 1, seed: true }),
            host("cass2", "10.77.0.12", Role::Node { dc: 1, seed: false }),
            host("gw1", "10.77.0.21", Role::Gateway),
        ];
        let text = inventory(Path::new("/labs/lab"), &hosts, "ops", "sudo");
        assert!(text.contains("  user: ops\n  config: /labs/lab/ssh_config\n  become: sudo\n"));
        assert!(text.contains("  - {name: cass1, host: 10.77.0.11, seed: true}\n"));
        assert!(text.contains("  - {name: cass2, host: 10.77.0.12}\ngateways:\n"));
        assert!(text.contains("  - {name: gw1, host: 10.77.0.21, install_dir: /opt/Axway, "));
        assert!(!inventory(Path::new("/"), &hosts[..2], "root", "none").contains("gateways"));
    }
}
