use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;

use super::super::{Become, Inventory, PasswordSource, raw};

const MINIMAL: &str = "cluster: Lab\nnodes:\n  - {name: a, host: h1, seed: true}\n  - {name: b, host: h2}\n";

fn load(text: &str) -> Inventory {
    parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn parse(text: &str) -> Result<Inventory, super::InventoryError> {
    let path = Path::new("/etc/lab/cluster.yaml");
    super::validate_at(&raw::parse(text, path)?, text, path, Some(PathBuf::from("/home/me")))
}

fn refusal(text: &str) -> String {
    parse(text).unwrap_err().to_string().replace("/etc/lab/cluster.yaml", "cluster.yaml")
}

/// The minimal inventory with more lines.
fn refused_with(more: &str) -> String {
    refusal(&format!("{MINIMAL}{more}"))
}

fn node(keys: &str) -> String {
    format!("cluster: Lab\nnodes:\n  - {{name: a, host: h, seed: true, {keys}}}\n")
}

#[test]
fn the_example_loads_and_says_what_the_contract_says() {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/inventory/cluster.example.yaml"));
    let inventory = Inventory::load(path).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(inventory.cluster.as_str(), "Lab Cluster");
    assert_eq!(inventory.hosts().count(), 5);
    let third = &inventory.nodes[2];
    assert_eq!((third.ssh.port, third.ssh.user.as_deref()), (Some(2222), Some("ops")));
    assert_eq!((third.cassandra.conf.as_str(), third.cassandra.home.as_str()), ("/etc/cassandra", "/opt/cassandra"));
    assert_eq!(inventory.nodes[0].cassandra.cqlsh.password, Some(PasswordSource::Env("RESEED_CQL_PASSWORD".into())));
    assert_eq!(inventory.gateways[0].ssh.r#become, Become::Sudo("root".into()));
    assert_eq!(inventory.acceptance[0].expect.as_deref(), Some("42"));
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let inventory = load(MINIMAL);
    insta::assert_debug_snapshot!((&inventory.nodes[0], &inventory.backup, &inventory.limits, &inventory.remote_dir), @r#"
    (
        Node {
            name: HostName(
                "a",
            ),
            host: "h1",
            seed: true,
            absent: false,
            ssh: Ssh {
                user: None,
                port: None,
                config: None,
                identity_file: None,
                become: None,
            },
            cassandra: Cassandra {
                home: "/opt/cassandra",
                conf: "/opt/cassandra/conf",
                start: "service cassandra start",
                stop: "service cassandra stop",
                run_as: None,
                nodetool: Nodetool {
                    command: "nodetool",
                    args: [],
                    username: None,
                    password_file: None,
                },
                cqlsh: Cqlsh {
                    command: "cqlsh",
                    args: [],
                    host: None,
                    port: 9042,
                    username: None,
                    password: None,
                },
            },
        },
        Backup {
            root: "/backup",
            node: HostName(
                "a",
            ),
            allow_same_disk: false,
        },
        Limits {
            connects: 8,
            channels: 4,
            copies: 2,
            copy_rate: 0,
            connect: 20s,
            silence: 30s,
            settle: 60s,
            ready: 900s,
            repair_stall: 1800s,
            run: 0ns,
        },
        "/var/lib/reseed",
    )
    "#);
}

#[test]
fn overrides_merge_key_by_key_and_lists_replace() {
    let inventory = load(
        "cluster: Lab
ssh: {user: ops, port: 2200, become: sudo, become_user: cass}
cassandra:
  home: /srv/c
  nodetool: {command: /srv/c/bin/nodetool, args: [-p, '7199']}
  cqlsh: {username: u, password_env: PW, port: 9043}
nodes:
  - {name: a, host: h, seed: true}
  - name: b
    host: h
    ssh: {port: 2201, become: none}
    cassandra: {conf: /etc/c, nodetool: {args: [-Dx=y]}, cqlsh: {password_file: pw}}
  - {name: c, host: i, ssh: {user: null, port: null}, cassandra: {home: null, cqlsh: null}}
gateways: [{name: g, host: h, install_dir: /opt/Axway/, instances: [{name: I 1, group: G}], ssh: {user: axway}}]
",
    );
    let [a, b, c] = &inventory.nodes[..] else { panic!() };
    assert_eq!((a.cassandra.conf.as_str(), b.cassandra.conf.as_str()), ("/srv/c/conf", "/etc/c"));
    assert_eq!((b.ssh.user.as_deref(), b.ssh.port, &b.ssh.r#become), (Some("ops"), Some(2201), &Become::None));
    assert_eq!(b.cassandra.nodetool.command, "/srv/c/bin/nodetool");
    assert_eq!(b.cassandra.nodetool.args, ["-Dx=y"]);
    assert_eq!(b.cassandra.cqlsh.password, Some(PasswordSource::File("/etc/lab/pw".into())));
    assert_eq!((b.cassandra.cqlsh.username.as_deref(), b.cassandra.cqlsh.port), (Some("u"), 9043));
    // null takes the built-in default back.
    assert_eq!((c.ssh.user.as_deref(), c.ssh.port), (None, None));
    assert_eq!((c.cassandra.home.as_str(), c.cassandra.cqlsh.port), ("/opt/cassandra", 9042));
    assert_eq!(c.cassandra.cqlsh.username, None);
    let gateway = &inventory.gateways[0];
    assert_eq!((gateway.ssh.user.as_deref(), gateway.ssh.port), (Some("axway"), Some(2200)));
    assert_eq!((gateway.install_dir.as_str(), gateway.instances[0].name.as_str()), ("/opt/Axway", "I 1"));
}

#[test]
fn coordinator_side_paths_are_expanded_and_others_never() {
    let ssh = load(&node("ssh: {config: ~/.ssh/config, identity_file: keys/id}")).nodes[0].ssh.clone();
    assert_eq!(ssh.config, Some("/home/me/.ssh/config".into()));
    assert_eq!(ssh.identity_file, Some("/etc/lab/keys/id".into()));
    assert!(refusal(&node("cassandra: {home: ~/c}")).contains("`~` is not expanded"));
}

#[test]
fn the_backup_node_is_the_first_present_seed() {
    let text = "cluster: Lab\nnodes:\n  - {name: a, host: h1, seed: true, absent: true}\n  - {name: b, host: h2, seed: true}\n";
    let inventory = load(text);
    assert_eq!((inventory.backup.node.as_str(), inventory.seed().name.as_str()), ("b", "b"));
    assert_eq!(inventory.present().count(), 1);
}

#[test]
fn durations_and_rates_are_read_with_their_units() {
    let limits = load(&format!("{MINIMAL}limits: {{connect: 5s, ready: 2h, settle: 0, copy_rate: 50M}}\n")).limits;
    assert_eq!(limits.connect, Duration::from_secs(5));
    assert_eq!(limits.ready, Duration::from_hours(2));
    assert_eq!((limits.settle, limits.copy_rate), (Duration::ZERO, 50 << 20));
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant() {
    insta::assert_snapshot!(refusal(&node("cassandra: {data_dir: /x}")), @r#"cluster.yaml:3: unknown key `data_dir` in nodes[0].cassandra; directories are read from cassandra.yaml on the node; say where that is with `conf`"#);
    insta::assert_snapshot!(refusal(&node("cassandra: {hoem: /x}")), @r#"cluster.yaml:3: unknown key `hoem` in nodes[0].cassandra; did you mean `home`? allowed here: home, conf, start, stop, run_as, nodetool, cqlsh"#);
    insta::assert_snapshot!(refusal(&node("port: 22")), @r#"cluster.yaml:3: unknown key `port` in nodes[0]; it belongs under `ssh`: `ssh: {port: …}`"#);
    insta::assert_snapshot!(refusal(&node("cassandra: {cqlsh: {username: u, password: hunter2}}")), @r#"cluster.yaml:3: unknown key `password` in nodes[0].cassandra.cqlsh; passwords are not kept in the inventory; name an environment variable with `password_env` or a file with `password_file`"#);
    insta::assert_snapshot!(refused_with("acceptence: []\n"), @r#"cluster.yaml:5: unknown key `acceptence`; did you mean `acceptance`? allowed here: cluster, ssh, cassandra, nodes, gateways, clients, backup, keyspaces, remote_dir, limits, acceptance"#);
    insta::assert_snapshot!(refused_with("cluster: Other\n"), @r#"cluster.yaml:5: key `cluster` is given twice; keep one of them"#);
}

#[test]
fn a_cluster_without_nodes_or_seed_is_refused() {
    insta::assert_snapshot!(refusal("cluster: Lab\n"), @r#"cluster.yaml:1: no nodes; list every Cassandra node under `nodes`, one of them with `seed: true`"#);
    insta::assert_snapshot!(refusal("cluster: Lab\nnodes: [{name: a, host: h}]\n"), @r#"cluster.yaml:2: no node is a seed; mark one with `seed: true`: the restore fills it and starts it first (it must be in the seeds of its own cassandra.yaml)"#);
    insta::assert_snapshot!(refusal("cluster: Lab\nnodes: [{name: a, host: h, seed: true, absent: true}]\n"), @r#"cluster.yaml:2: every seed is absent, so no node could start first; mark a present node with `seed: true` (it must be in the seeds of its own cassandra.yaml)"#);
    insta::assert_snapshot!(refusal(""), @r#"
    cluster.yaml:1: `cluster` is missing: it is the cluster_name of cassandra.yaml
    cluster.yaml:1: no nodes; list every Cassandra node under `nodes`, one of them with `seed: true`
    "#);
}

#[test]
fn all_problems_are_shown_at_once_in_the_order_of_the_file() {
    let text = "\
cluster: Lab
ssh: {port: 0, become: doas}
cassandra:
  home: opt/cassandra
  stop: ''
  cqlsh: {username: u}
nodes:
  - {name: a, host: -oProxyCommand=x}
  - {name: a, host: ops@h}
  - {host: 'h:22', seed: true}
clients:
  - {name: b, host: h 1, stop: x, start: y, status: z}
backup: {root: /b/../etc}
keyspaces: [ok, 'no-good', system_auth, ok]
limits: {ready: 15, copies: 0, copy_rate: fast}
acceptance: [{keyspace: k}]
";
    insta::assert_snapshot!(refusal(text), @r#"
    cluster.yaml:2: ssh.port: 0 is no port; ports go from 1 to 65535
    cluster.yaml:2: ssh.become: "doas" is not known; write `none` or `sudo`
    cluster.yaml:4: cassandra.home: "opt/cassandra" is relative; give an absolute path
    cluster.yaml:5: cassandra.stop: it is empty; give the shell command that does it
    cluster.yaml:6: cassandra.cqlsh.username: the user has no password; add `password_env` or `password_file`, or remove the user
    cluster.yaml:8: nodes[0].host: "-oProxyCommand=x" starts with `-`, so ssh would take it for an option
    cluster.yaml:9: nodes[1].host: "ops@h" names a user; give the user under `ssh: {user: …}`
    cluster.yaml:9: the name `a` is taken by nodes[0]; names are unique over nodes, gateways and clients
    cluster.yaml:10: nodes[2] has no `name`: reseed calls it by that name everywhere
    cluster.yaml:10: nodes[2].host: "h:22" names a port; write `host: h` and `ssh: {port: 22}`
    cluster.yaml:12: clients[0].host: "h 1" is no address or host name; only letters, digits and . _ - : % are allowed
    cluster.yaml:13: backup.root: "/b/../etc" has an empty, `.` or `..` part; give the plain path
    cluster.yaml:14: keyspaces[1]: "no-good" is not a valid keyspace: only letters, digits and _ are allowed
    cluster.yaml:14: `system_auth` is Cassandra's own and differs per node, so it is never backed up or restored; remove it
    cluster.yaml:14: keyspace `ok` is listed twice; keep one of them
    cluster.yaml:15: limits.copies: 0 is out of range; give 1 to 1000
    cluster.yaml:15: limits.copy_rate: "fast" is no rate in bytes per second; write it like 0 (no limit), 800K or 50M
    cluster.yaml:15: limits.ready: "15" has no unit; write `15s`, `15m` or `15h`
    cluster.yaml:16: acceptance[0] has no `query`: such as "SELECT count(*) FROM t"
    "#);
}

#[test]
fn names_and_hosts_are_unique() {
    insta::assert_snapshot!(refused_with("clients: [{name: a, host: h1, stop: x, start: y, status: z}]\n"), @r#"cluster.yaml:5: the name `a` is taken by nodes[0]; names are unique over nodes, gateways and clients"#);
    insta::assert_snapshot!(
        refusal("cluster: L\nnodes:\n  - {name: a, host: H, seed: true}\n  - {name: b, host: h}\n"), @r#"cluster.yaml:4: nodes[1]: `b` has the same host as `a` (h, port 22); every node needs its own host, or its own ssh port"#);
    let one_address = "cluster: L\nnodes: [{name: a, host: h, seed: true}, {name: b, host: h, ssh: {port: 23}}]\n";
    assert_eq!(load(one_address).nodes.len(), 2);
    let gateway_on_node = "gateways: [{name: g, host: h1, install_dir: /a, instances: [{name: i, group: g}]}]\n";
    assert_eq!(load(&format!("{MINIMAL}{gateway_on_node}")).gateways.len(), 1);
}

#[test]
fn a_backup_node_must_be_a_present_node() {
    insta::assert_snapshot!(refused_with("backup: {node: c}\n"), @r#"cluster.yaml:5: no node is named `c`; choose one of: a, b"#);
    insta::assert_snapshot!(
        refusal("cluster: L\nnodes: [{name: a, host: h, seed: true}, {name: b, host: i, absent: true}]\nbackup: {node: b}\n"), @r#"cluster.yaml:3: node `b` is absent, so its backups cannot be reached; choose one of: a"#);
}

#[test]
fn half_a_login_is_refused() {
    insta::assert_snapshot!(refused_with("ssh: {become_user: root}\n"), @r#"cluster.yaml:5: ssh.become_user does nothing without `become: sudo`; add that or remove it"#);
    insta::assert_snapshot!(refusal(&node("ssh: {become_user: root}")), @r#"cluster.yaml:3: nodes[0].ssh.become_user does nothing without `become: sudo`; add that or remove it"#);
    insta::assert_snapshot!(refused_with("cassandra: {cqlsh: {username: u, password_env: A, password_file: b}}\n"), @r#"cluster.yaml:5: cassandra.cqlsh has both `password_env` and `password_file`; keep one of them"#);
    insta::assert_snapshot!(refused_with("cassandra: {cqlsh: {password_env: A}}\n"), @r#"cluster.yaml:5: cassandra.cqlsh.password_env: a password without a user; add `username`, or remove it"#);
    insta::assert_snapshot!(refused_with("cassandra: {nodetool: {username: u}}\n"), @r#"cluster.yaml:5: cassandra.nodetool.username: the user has no password; add `password_file`, a file on the node with the line `USER PASSWORD`, or remove the user"#);
    insta::assert_snapshot!(refused_with("cassandra: {nodetool: {args: [-pw, secret]}}\n"), @r#"cluster.yaml:5: cassandra.nodetool.args[0]: every user of the host can read a password on a command line; use `username` with a password file or variable"#);
    let unknown = refused_with("cassandra: {cqlsh: {username: u, password_env: 'hunter2!'}}\n");
    assert!(unknown.contains("never the password itself") && !unknown.contains("hunter2"), "{unknown}");
}

#[test]
fn gateways_need_distinct_instances() {
    insta::assert_snapshot!(refused_with("gateways: [{name: g, host: h, install_dir: /a}]\n"), @r#"cluster.yaml:5: gateways[0].instances: no instances, so nothing would be stopped; list them as `startinstance` without arguments does"#);
    insta::assert_snapshot!(
        refused_with("gateways: [{name: g, host: h, install_dir: a, instances: [{name: i, group: g}, {name: i, group: g}]}]\n"), @r#"
        cluster.yaml:5: gateways[0].install_dir: "a" is relative; give an absolute path
        cluster.yaml:5: gateways[0].instances[1]: instance `i` of group `g` is listed twice; keep one of them
        "#);
}

/// Strings that want to be more than data.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[-~./a-z$`'\";|&<>()\\\\\n\r\0 *?%@:{}\\[\\]]{0,20}",
        "/[-a-z./$`'\";| \n]{0,20}",
        Just("$(reboot)".to_owned()),
        Just("/x\n/y".to_owned()),
    ]
}

proptest! {
    #[test]
    fn hostile_values_are_refused_or_come_through_unchanged(text in hostile()) {
        let quoted = serde_json::to_string(&text).unwrap();
        let kept = [text.as_str(), text.trim_end_matches('/'), text.trim_end_matches('\n')];
        let fields = [
            ("name: a, host: h", "ssh: {user: X}"),
            ("name: a, host: h", "cassandra: {home: X}"),
            ("name: a, host: h", "cassandra: {start: X}"),
            ("name: a, host: h", "cassandra: {run_as: X}"),
            ("name: a, host: h", "cassandra: {nodetool: {command: X}}"),
            ("name: a, host: h", "cassandra: {nodetool: {args: [X]}}"),
            ("name: a, host: X", "absent: false"),
            ("name: X, host: h", "absent: false"),
        ];
        for (index, (head, tail)) in fields.into_iter().enumerate() {
            let yaml = format!("cluster: L\nnodes:\n  - {{{head}, seed: true, {tail}}}\n").replace('X', &quoted);
            let Ok(inventory) = parse(&yaml) else { continue };
            let node = &inventory.nodes[0];
            let values = [
                node.ssh.user.as_deref(), Some(node.cassandra.home.as_str()), Some(&node.cassandra.start),
                node.cassandra.run_as.as_deref(), Some(&node.cassandra.nodetool.command),
                node.cassandra.nodetool.args.first().map(String::as_str), Some(&node.host), Some(node.name.as_str()),
            ];
            let value = values[index].unwrap_or_default();
            prop_assert!(kept.contains(&value), "{text:?} became {value:?} by {head} {tail}");
            prop_assert!(!value.contains(['\n', '\r', '\0']), "{value:?}");
            if head.contains("host: X") {
                prop_assert!(!value.starts_with('-') && !value.contains(char::is_whitespace), "{value:?}");
            }
            if tail.contains("home") {
                prop_assert!(value.starts_with('/') && !value.split('/').any(|p| p == ".."), "{value:?}");
            }
        }
    }

    #[test]
    fn no_text_at_all_makes_the_reader_panic(text in any::<String>()) {
        let _ = parse(&text);
    }
}
