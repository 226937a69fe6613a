//! How a drain is proven, and what is done with a node that cannot be drained.

use std::fs;

use reseed::script::Script;

use super::pretend::Holds;
use super::tree::Tree;

pub async fn quiet(tree: &mut Tree) {
    let log = tree.root.join("system.log");
    let mode = tree.root.join("mode");
    let place = tree.root.join("c/.reseed");
    "r2".clone_into(&mut tree.run);
    let script = |name: &str| {
        let script = Script::new(name).var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "").var("RUN_AS", "");
        script.var("PLACE", place.display()).var("LOG", log.display()).var("WAIT_S", 1)
    };
    let mark = place.join("r2/undrained");
    tree.ok(&script("node.quiet.act")).await;
    assert!(fs::read_to_string(&mark).unwrap().contains("does not run"), "a node that is down");
    tree.ok(&script("node.quiet.proof")).await;
    if !tree.takes_our_tools() {
        return;
    }
    tree.pretend_cassandra();
    let tool = "#!/bin/sh\ncase $* in *netstats*) echo \"Mode: $(cat MODE)\" ;; *drain*) WORDS ;; esac\n";
    let tool = tool.replace("MODE", &mode.display().to_string());
    let drains = format!("echo INFO x >>'{}'; echo DRAINED >'{}'", log.display(), mode.display());
    let fails = format!("{drains}; echo 'ERROR [x] Caught an exception while draining' >>'{}'", log.display());
    for (was, words, marked) in [
        ("NORMAL", drains.as_str(), None),
        ("DRAINED", "exit 1", None),
        ("NORMAL", fails.as_str(), Some("Caught an exception")),
        ("NORMAL", "exit 1", Some("nodetool drain failed")),
        ("STARTING", "exit 1", Some("its mode is STARTING")),
    ] {
        let _ = fs::remove_file(&mark);
        fs::write(&mode, format!("{was}\n")).unwrap();
        fs::write(&log, "ERROR of long ago\n").unwrap();
        tree.tool("nodetool", &tool.replace("WORDS", words));
        tree.ok(&script("node.quiet.act")).await;
        assert_eq!(mark.exists(), marked.is_some(), "{was} {words}");
        if let Some(why) = marked {
            assert!(fs::read_to_string(&mark).unwrap().contains(why), "{why}");
        }
        tree.ok(&script("node.quiet.proof")).await;
    }
    // neither drained nor marked
    fs::remove_file(&mark).unwrap();
    fs::write(&mode, "NORMAL\n").unwrap();
    tree.fails(&script("node.quiet.proof"), "not DRAINED").await;
}

/// The mode is read from the log where that tells it, and asked for where it does not.
pub async fn mode(tree: &mut Tree) {
    let log = tree.root.join("system.log");
    let proof = |ports: &str| {
        let script = Script::new("node.drain.proof").var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "");
        script.var("RUN_AS", "").var("LOG", log.display()).var("STORAGE_PORTS", ports)
    };
    if !tree.takes_our_tools() {
        return;
    }
    tree.tool("nodetool", "#!/bin/sh\necho Mode: ASKED\n");
    fs::write(tree.root.join("mode"), "").unwrap();
    let line = |text: &str| format!("INFO  [RMI TCP Connection(4)] 2026-11-28 01:33:46,957 {text}\n");
    let (drained, draining) = ("StorageService.java:2086 - DRAINED", "StorageService.java:2086 - DRAINING: starting");
    let started = "YamlConfigurationLoader.java:103 - Configuration location: file:/etc/cassandra.yaml";
    let failed = "StorageService.java:1 - Caught exception while waiting for memtable flushes during shutdown hook";
    let failed = line(failed).replace("INFO", "ERROR");
    let logged = |lines: &[&str]| fs::write(&log, lines.iter().map(|text| line(text)).collect::<String>()).unwrap();
    logged(&[started, draining, drained]);
    let text = tree.ok(&proof("65001")).await;
    assert!(text.starts_with("Mode: ASKED"), "no process: {text}");
    // a log that this process does not write says nothing of it, neither good nor bad
    fs::write(&log, line(started) + &line(draining) + &failed + &line(drained)).unwrap();
    let other = [Holds::file(&tree.root.join("mode"))];
    tree.pretend_processes(&other);
    assert_eq!(tree.ok(&proof("65001")).await, "Mode: ASKED\n");
    let holds = [Holds::file(&log)];
    tree.pretend_processes(&holds);
    logged(&[started, draining, drained, "Gossiper.java:1 - late words"]);
    let text = tree.ok(&proof("65001")).await;
    assert!(text.starts_with("Mode: DRAINED") && text.contains("2086 - DRAINED"), "{text}");
    // a second drain says nothing of how the first one failed
    fs::write(&log, line(started) + &failed + &line(draining) + &line(drained)).unwrap();
    assert!(!tree.ok(&proof("65001")).await.contains("memtable flushes"), "of an earlier drain");
    fs::write(&log, line(started) + &line(draining) + &failed + &line(drained)).unwrap();
    let text = tree.ok(&proof("65001")).await;
    assert!(text.starts_with("Mode: DRAINED") && text.contains("memtable flushes"), "{text}");
    for (lines, why) in [
        (&[started, draining][..], "not yet"),
        (&[started, draining, drained, started], "another process"),
        (&[started, draining, drained, draining], "it began again"),
        (&[started, "Other.java:1 - DRAINED"], "somebody else's words"),
    ] {
        logged(lines);
        let text = tree.ok(&proof("65001")).await;
        assert!(text.starts_with("Mode: ASKED"), "{why}: {text}");
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    logged(&[started, drained]);
    let text = tree.ok(&proof(&listener.local_addr().unwrap().port().to_string())).await;
    assert!(text.starts_with("Mode: ASKED"), "its port is open: {text}");
}
