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
    insta::assert_debug_snapshot!((&inventory.nodes[0], &inventory.backup, &inventory.limits, &inventory.remote_dir), @"");
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
    assert_eq!(limits.ready, Duration::from_secs(7200));
    assert_eq!((limits.settle, limits.copy_rate), (Duration::ZERO, 50 << 20));
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant() {
    insta::assert_snapshot!(refusal(&node("cassandra: {data_dir: /x}")), @"");
    insta::assert_snapshot!(refusal(&node("cassandra: {hoem: /x}")), @"");
    insta::assert_snapshot!(refusal(&node("port: 22")), @"");
    insta::assert_snapshot!(refusal(&node("cassandra: {cqlsh: {username: u, password: hunter2}}")), @"");
    insta::assert_snapshot!(refused_with("acceptence: []\n"), @"");
    insta::assert_snapshot!(refused_with("cluster: Other\n"), @"");
}

#[test]
fn a_cluster_without_nodes_or_seed_is_refused() {
    insta::assert_snapshot!(refusal("cluster: Lab\n"), @"");
    insta::assert_snapshot!(refusal("cluster: Lab\nnodes: [{name: a, host: h}]\n"), @"");
    insta::assert_snapshot!(refusal("cluster: Lab\nnodes: [{name: a, host: h, seed: true, absent: true}]\n"), @"");
    insta::assert_snapshot!(refusal(""), @"");
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
    insta::assert_snapshot!(refusal(text), @"");
}

#[test]
fn names_and_hosts_are_unique() {
    insta::assert_snapshot!(refused_with("clients: [{name: a, host: h1, stop: x, start: y, status: z}]\n"), @"");
    insta::assert_snapshot!(
        refusal("cluster: L\nnodes:\n  - {name: a, host: H, seed: true}\n  - {name: b, host: h}\n"), @"");
    let one_address = "cluster: L\nnodes: [{name: a, host: h, seed: true}, {name: b, host: h, ssh: {port: 23}}]\n";
    assert_eq!(load(one_address).nodes.len(), 2);
    let gateway_on_node = "gateways: [{name: g, host: h1, install_dir: /a, instances: [{name: i, group: g}]}]\n";
    assert_eq!(load(&format!("{MINIMAL}{gateway_on_node}")).gateways.len(), 1);
}

#[test]
fn a_backup_node_must_be_a_present_node() {
    insta::assert_snapshot!(refused_with("backup: {node: c}\n"), @"");
    insta::assert_snapshot!(
        refusal("cluster: L\nnodes: [{name: a, host: h, seed: true}, {name: b, host: i, absent: true}]\nbackup: {node: b}\n"), @"");
}

#[test]
fn half_a_login_is_refused() {
    insta::assert_snapshot!(refused_with("ssh: {become_user: root}\n"), @"");
    insta::assert_snapshot!(refusal(&node("ssh: {become_user: root}")), @"");
    insta::assert_snapshot!(refused_with("cassandra: {cqlsh: {username: u, password_env: A, password_file: b}}\n"), @"");
    insta::assert_snapshot!(refused_with("cassandra: {cqlsh: {password_env: A}}\n"), @"");
    insta::assert_snapshot!(refused_with("cassandra: {nodetool: {username: u}}\n"), @"");
    insta::assert_snapshot!(refused_with("cassandra: {nodetool: {args: [-pw, secret]}}\n"), @"");
    let unknown = refused_with("cassandra: {cqlsh: {username: u, password_env: 'hunter2!'}}\n");
    assert!(unknown.contains("never the password itself") && !unknown.contains("hunter2"), "{unknown}");
}

#[test]
fn gateways_need_distinct_instances() {
    insta::assert_snapshot!(refused_with("gateways: [{name: g, host: h, install_dir: /a}]\n"), @"");
    insta::assert_snapshot!(
        refused_with("gateways: [{name: g, host: h, install_dir: a, instances: [{name: i, group: g}, {name: i, group: g}]}]\n"), @"");
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
        let trimmed = text.trim_end_matches(['/', '\n']);
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
        for (head, tail) in fields {
            let yaml = format!("cluster: L\nnodes:\n  - {{{head}, seed: true, {tail}}}\n").replace('X', &quoted);
            let Ok(inventory) = parse(&yaml) else { continue };
            let node = &inventory.nodes[0];
            let values = [
                node.ssh.user.as_deref(), Some(node.cassandra.home.as_str()), Some(&node.cassandra.start),
                node.cassandra.run_as.as_deref(), Some(&node.cassandra.nodetool.command),
                node.cassandra.nodetool.args.first().map(String::as_str), Some(&node.host), Some(node.name.as_str()),
            ];
            let found = values.into_iter().flatten().find(|v| *v == text || *v == trimmed);
            prop_assert!(found.is_some(), "{text:?} was changed by {head} {tail}");
            let value = found.unwrap_or_default();
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
