//! Configuration from end to end: the shipped binary over real sshd and sudo, on the cluster that stands in, with a
//! gateway; and what is told after its runs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use serde_json::Value;

use crate::operator::ALONE;
use crate::standin::{CLUSTER, Cluster, NODES};

const SECRET: &str = "hunter2";

/// What `reseed` printed on both streams, which never holds a secret.
#[track_caller]
fn ends(cluster: &Cluster, code: i32, args: &[&str]) -> (String, String) {
    let mut command = cluster.reseed(args);
    command.env("RESEED_METRICS_FILE", cluster.path("reseed.prom"));
    command.env("RESEED_NOTIFY", format!("cat >>'{}'; false", cluster.path("told").display()));
    let out = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, all) = (text(&out.stdout), (out.status.code(), text(&out.stdout) + &text(&out.stderr)));
    assert_eq!(all.0, Some(code), "{args:?}: {}", all.1);
    assert!(!all.1.contains(SECRET), "{args:?}: {}", all.1);
    (out, all.1)
}

/// The other client becomes a gateway, and all logins go through sudo.
fn with_gateway(cluster: &Cluster) {
    let file = cluster.path("cluster.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let (head, rest) = text.split_once("clients:\n").unwrap();
    let (client, tail) = rest.split_once('\n').unwrap();
    let port = client.split_once("port: ").unwrap().1.split('}').next().unwrap();
    let at = cluster.path("here");
    let gateway = format!(
        "gateways:\n  - {{name: gw1, host: 127.0.0.1, ssh: {{port: {port}}}, install_dir: {}/Axway, instances: [{{name: I, group: G}}]}}\n",
        at.display()
    );
    let head = head.replace("ssh: {user: root,", "ssh: {user: root, become: sudo,");
    fs::write(&file, head + &gateway + tail).unwrap();
    let base = cluster.path(&format!("host{}/Axway/apigateway", NODES + 1));
    for (path, text) in [
        ("groups/group-2/conf/store.xml", "<f name=\"password\">hunter2</f>\n<f name=\"port\">9042</f>\n".to_owned()),
        ("groups/group-2/i/trace/x.trc", "trace".repeat(100)),
        ("ext/lib/a b.jar", "\u{1}\0\u{2}".repeat(200_000)),
    ] {
        fs::create_dir_all(base.join(path).parent().unwrap()).unwrap();
        fs::write(base.join(path), text).unwrap();
    }
}

#[test]
fn configuration_is_backed_up_compared_and_put_back_on_nodes_and_gateways() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(cluster) = Cluster::start() else { return };
    with_gateway(&cluster);
    let yaml = |n: usize| cluster.path(&format!("host{n}/cassandra/conf/cassandra.yaml"));
    for n in 1..=NODES {
        let text = fs::read_to_string(yaml(n)).unwrap() + "keystore_password: hunter2\n";
        fs::write(yaml(n), text).unwrap();
        fs::set_permissions(yaml(n), fs::Permissions::from_mode(0o640)).unwrap();
        chown(yaml(n), Some(12), Some(34)).unwrap();
    }
    let was = fs::read_to_string(yaml(2)).unwrap();
    ends(&cluster, 0, &["config", "backup", "t1"]);
    let store = cluster.path("state").join(reseed::name::ClusterName::parse(CLUSTER).unwrap().slug()).join("config/t1");
    let kept = store.join("hosts/gw1").join(cluster.path("here/Axway/apigateway").strip_prefix("/").unwrap());
    assert_eq!(fs::read(kept.join("ext/lib/a b.jar")).unwrap().len(), 600_000);
    assert!(!kept.join("groups/group-2/i/trace").exists());
    assert_eq!(fs::metadata(kept.join("groups/group-2/conf/store.xml")).unwrap().mode() & 0o777, 0o600);
    assert!(ends(&cluster, 0, &["config", "diff"]).0.contains("no difference"));

    let broken = was.replace("hunter2", "hunter2-other") + "num_tokens: 8\n";
    fs::write(yaml(2), &broken).unwrap();
    let store_xml = cluster.path(&format!("host{}/Axway/apigateway/groups/group-2/conf/store.xml", NODES + 1));
    fs::remove_file(&store_xml).unwrap();
    let shown = ends(&cluster, 0, &["config", "diff", "t1"]).0;
    for words in ["cass2: t1 → now", "changed", "keystore_password: ***", "num_tokens: 8", "gw1: t1 → now", "gone"]
    {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    ends(&cluster, 0, &["config", "backup", "t2"]);
    let told: Value =
        serde_json::from_str(&ends(&cluster, 0, &["config", "diff", "t1", "t2", "--output", "json"]).0).unwrap();
    assert_eq!((&told["differs"], told["differences"].as_array().unwrap().len()), (&true.into(), 2), "{told}");
    assert!(ends(&cluster, 0, &["config", "list"]).0.contains("cass1 cass2"));

    // refused without the name, for what is not there, and by a diff when a host is away
    ends(&cluster, 4, &["config", "restore", "t1"]);
    ends(&cluster, 3, &["config", "restore", "t9", "--confirm", CLUSTER]);
    ends(&cluster, 2, &["config", "restore", "t1", "--file", "none.yaml", "--confirm", CLUSTER]);
    assert!(
        ends(&cluster, 0, &["config", "restore", "t1", "--host", "cass2", "--dry-run"]).0.contains("config.replace")
    );
    let said = ends(
        &cluster,
        0,
        &["config", "restore", "t1", "--host", "cass2", "--file", "cassandra.yaml", "--confirm", CLUSTER],
    );
    assert!(said.1.contains("1 put back") && said.1.contains("restart what reads them"), "{}", said.1);
    assert_eq!(fs::read_to_string(yaml(2)).unwrap(), was);
    let meta = fs::metadata(yaml(2)).unwrap();
    assert_eq!((meta.mode() & 0o777, meta.uid(), meta.gid()), (0o640, 12, 34));
    assert!(!store_xml.exists(), "the gateway was not chosen");
    // what it replaced is on its host
    let here = cluster.path("here");
    let replaced = format!("{0}/reseed/*/*/config/replaced{0}/cassandra/conf/cassandra.yaml", here.display());
    let kept = cluster.sh(2, &format!("cat {replaced}"));
    assert_eq!(kept, broken);
    ends(&cluster, 0, &["config", "restore", "t1", "--confirm", CLUSTER]);
    assert!(store_xml.exists());
    assert!(ends(&cluster, 0, &["config", "diff", "t1"]).0.contains("no difference"));

    // each of the runs was told, also those that were refused, by a command that fails
    let told = fs::read_to_string(cluster.path("told")).unwrap();
    let ends: Vec<(String, u64)> = told
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|told| (told["command"].as_str().unwrap().to_owned(), told["exit"].as_u64().unwrap()))
        .collect();
    let expected = [
        ("config-backup", 0),
        ("config-backup", 0),
        ("config-restore", 4),
        ("config-restore", 0),
        ("config-restore", 0),
    ];
    assert_eq!(ends, expected.map(|(command, exit)| (command.to_owned(), exit)), "{told}");
    let figures = fs::read_to_string(cluster.path("reseed.prom")).unwrap();
    assert!(figures.contains("reseed_run_last_exit_code{cluster="), "{figures}");
}
