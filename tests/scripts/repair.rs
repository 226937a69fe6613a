//! How a repair is asked for, and when it is ended.

use std::fs;

use reseed::script::Script;

use super::tree::Tree;

pub async fn repair_arguments(tree: &mut Tree) {
    let job = tree.job();
    tree.tool("nodetool", "#!/bin/sh\necho \"$@\"\n");
    let script = |hosts: &[&str]| {
        let script = Script::new("repair.act").list("KEYSPACES", ["a", "b"]).list("HOSTS", hosts);
        let script = script.var("STALL_S", 600).var("RESEED_JOB", job.display());
        script.var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "-p\n7199").var("RUN_AS", "")
    };
    let whole = tree.ok(&script(&[]).list("ALL", ["b", "ab"])).await;
    assert!(whole.contains("repair -pr --full a\n") && whole.contains("7199 repair --full b\n"), "{whole}");
    let all = tree.ok(&script(&[])).await;
    assert_eq!(
        all,
        "reseed: repair of a\n-p 7199 repair -pr --full a\nreseed: repair of b\n-p 7199 repair -pr --full b\n"
    );
    let some = tree.ok(&script(&["10.0.0.1", "fe80:0:0:0:0:0:0:1"])).await;
    assert!(some.contains("-p 7199 repair --full -hosts 10.0.0.1 -hosts fe80:0:0:0:0:0:0:1 b\n"), "{some}");
}

/// A repair of 2.2 whose last notification was lost waits for ever. One that is at work is not ended,
/// whether its words, its streams or its validation tell of it.
pub async fn repair_stalls(tree: &mut Tree) {
    let job = tree.job();
    let script = Script::new("repair.act").list("KEYSPACES", ["a"]).var("HOSTS", "").var("STALL_S", 2);
    let script = script.var("RESEED_JOB", job.display());
    let script = script.var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "").var("RUN_AS", "");
    let left = tree.root.join("left");
    let nodetool = |stats: &str, repair: &str| {
        format!(
            "#!/bin/sh\ncase $1 in\ncompactionstats) {stats} ;;\nnetstats) echo Mode: NORMAL; date +%N ;;\nrepair)\n{repair}\nesac\n",
        )
    };
    let (out, pid) = (job.join("out"), left.display());
    tree.tool("nodetool", &nodetool("date +%N", &format!("echo $$ >{pid}; sleep 600")));
    tree.fails(&script, "repair of a stood still: no word, no validation and no stream for 2 s").await;
    let pid = fs::read_to_string(&left).unwrap();
    assert!(!std::path::Path::new("/proc").join(pid.trim()).join("exe").exists(), "nodetool is left running");
    let job_again = tree.job();
    assert_eq!(job, job_again);
    let talk = format!("for i in 1 2 3 4 5 6 7 8; do echo $i >>{}; sleep 0.5; done; echo ended", out.display());
    tree.tool("nodetool", &nodetool(":", &talk));
    assert!(tree.ok(&script).await.contains("ended"));
    tree.tool("nodetool", &nodetool("echo Validation $(date +%N)", "sleep 5; echo ended"));
    assert!(tree.ok(&script).await.contains("ended"), "numbers of other lines do not count, these do");
}
