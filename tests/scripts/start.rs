//! How a node's mode is told after its start.

use std::fs;
use std::net::TcpListener;

use reseed::script::Script;

use super::pretend::Holds;
use super::tree::Tree;

/// The mode is read from the log where that tells it of this node, and asked for where it does not.
pub async fn mode(tree: &mut Tree) {
    let log = tree.root.join("system.log");
    let native = TcpListener::bind("127.0.0.1:0").unwrap();
    let proof = |port: u16| {
        let script = Script::new("node.start.proof").var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "");
        let script = script.var("RUN_AS", "").var("LOG", log.display()).var("NATIVE_PORT", port);
        script.var("ADDRESSES", "10.77.0.11 2001:db8::1")
    };
    let open = native.local_addr().unwrap().port();
    if !tree.takes_our_tools() {
        return;
    }
    tree.tool("nodetool", "#!/bin/sh\necho Mode: ASKED\n");
    let line = |text: &str| format!("INFO  [main] 2026-11-28 05:52:53,590 {text}\n");
    let started = "YamlConfigurationLoader.java:103 - Configuration location: file:/etc/cassandra.yaml";
    let (joining, normal) = (
        "StorageService.java:2086 - JOINING: Finish joining ring",
        "StorageService.java:3320 - Node /10.77.0.11:7000 state jump to NORMAL",
    );
    let logged = |lines: &[&str]| fs::write(&log, lines.iter().map(|text| line(text)).collect::<String>()).unwrap();
    logged(&[started, joining, normal]);
    assert_eq!(tree.ok(&proof(open)).await, "Mode: ASKED\n", "no process");
    let other = tree.root.join("other.log");
    fs::write(&other, "").unwrap();
    let others = [Holds::file(&other)];
    tree.pretend_processes(&others);
    assert_eq!(tree.ok(&proof(open)).await, "Mode: ASKED\n", "Cassandra writes another log");
    drop(others);
    let holds = [Holds::file(&log)];
    tree.pretend_processes(&holds);
    for own in ["/10.77.0.11", "cass1/10.77.0.11:7000", "/[2001:db8::1]:7000", "/2001:db8::1"] {
        let own = format!("StorageService.java:1 - Node {own} state jump to NORMAL");
        logged(&[started, joining, &own, "StorageService.java:1 - Node /10.77.0.12:7000 state jump to NORMAL"]);
        let text = tree.ok(&proof(open)).await;
        assert!(text.starts_with("Mode: NORMAL\nreseed: its log says so: ") && text.contains(&own), "{text}");
    }
    for (lines, why) in [
        (&[started, joining][..], "not yet"),
        (&[normal], "nobody knows whose start it was"),
        (&[started, normal, started, joining], "an earlier start"),
        (&[started, "StorageService.java:1 - Node /10.77.0.12:7000 state jump to NORMAL"], "another node"),
        (&[started, "StorageService.java:1 - Node /10.77.0.111:7000 state jump to NORMAL"], "a longer address"),
        (&[started, normal, "StorageService.java:1 - LEAVING: sleeping 30000 ms"], "it leaves the ring"),
        (&[started, normal, "StorageService.java:1 - DRAINED"], "it was drained"),
        (&[started, "Other.java:1 - Node /10.77.0.11:7000 state jump to NORMAL"], "somebody else's words"),
    ] {
        logged(lines);
        assert_eq!(tree.ok(&proof(open)).await, "Mode: ASKED\n", "{why}");
    }
    logged(&[started, joining, normal]);
    drop(native);
    tree.fails(&proof(open), "does not listen").await;
}
