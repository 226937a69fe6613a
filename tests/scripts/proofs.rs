//! Scripts that prove: what Cassandra holds open, who is connected, what a repair compared, what an
//! index answers.

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use reseed::script::Script;

use super::pretend::Holds;
use super::tree::{DIR, KS, Tree};

pub async fn loaded(tree: &mut Tree) {
    if !tree.takes_our_tools() {
        return;
    }
    let log = tree.root.join("system.log");
    let start =
        "INFO  [main] 2026-01-01 00:00:00,000 YamlConfigurationLoader.java:1 - Configuration location: file:/c.yaml\n";
    let bad = "WARN  [main] 2026-01-01 00:00:00,001 x - Removing orphans for /d/t-1/na-1-big: [Digest.crc32]\n";
    let chatter = "INFO  [SSTableBatchOpen:1] 2026-01-01 00:00:00,002 x - Opening /d/Corrupt-1/nb-1-big\n";
    fs::write(&log, format!("{start}{bad}{start}{chatter}")).unwrap();
    let script = |files: &[String]| {
        Script::new("tables.loaded.proof")
            .var("KEYSPACE", KS)
            .list("DATA_DIRS", (0..2).map(|n| tree.data(n).display().to_string()))
            .list("TABLES", [DIR])
            .list("BASES", [DIR, "empty-2"])
            .list("FILES", files)
            .list("SIGNS", ["Removing orphans for", "Corrupt"])
            .var("RUN_AS", "")
            .var("LOG", log.display())
    };
    let files = ["nb-1-big-Data.db", "nb-2-big-Data.db", ".idx_a/nb-1-big-Data.db"].map(|f| format!("{DIR}/{f}"));
    // the first is in the first data directory, the second in the other
    let held: Vec<Holds> = [tree.live(0).join("nb-1-big-Data.db"), tree.live(1).join("nb-2-big-Data.db")]
        .iter()
        .map(|path| Holds::file(path))
        .collect();
    tree.pretend_processes(&[]);
    tree.fails(&script(&files), "Cassandra does not run").await;
    tree.pretend_processes(&held);
    // what the log of an earlier start says does not count, nor does what is below WARN
    let said = tree.ok(&script(&files)).await;
    assert_eq!(said, format!("reseed: not open {}\nreseed: open 2\nreseed: log\nreseed: end\n", files[2]));
    // nothing besides: not in a table that had nothing, either, but what is unfinished or not a table's own is none
    let besides = tree.live(1).join("nb-3-big-Data.db");
    fs::write(&besides, "another").unwrap();
    fs::write(tree.live(1).join("tmp-la-9-big-Data.db"), "unfinished").unwrap();
    let late = tree.data(0).join(KS).join("empty-2");
    fs::create_dir_all(&late).unwrap();
    fs::write(late.join("nb-1-big-Data.db"), "another").unwrap();
    let said = tree.ok(&script(&files)).await;
    let told =
        format!("reseed: besides empty-2/nb-1-big-Data.db\nreseed: besides {DIR}/nb-3-big-Data.db\nreseed: log\n");
    assert!(said.contains(&told), "{said}");
    // where a compaction is under way, or was, it may have written it
    fs::write(tree.live(0).join("nb_txn_flush_6b6f.log"), "ADD").unwrap();
    assert_eq!(tree.ok(&script(&files)).await.matches("besides").count(), 2, "a flush is no compaction");
    fs::write(tree.live(0).join("nb_txn_compaction_6b70.log"), "ADD").unwrap();
    assert!(tree.ok(&script(&files)).await.contains(&format!("reseed: unjudged {DIR}\n")));
    assert_eq!(tree.ok(&script(&files)).await.matches("besides").count(), 1, "the other table's");
    fs::remove_file(tree.live(0).join("nb_txn_compaction_6b70.log")).unwrap();
    let more = [&files[..], &[format!("{DIR}/nb-7-big-Data.db")]].concat();
    assert_eq!(tree.ok(&script(&more)).await.matches("besides").count(), 1, "the other table's");
    fs::remove_file(&besides).unwrap();
    fs::remove_dir_all(&late).unwrap();
    // compacted away
    fs::remove_file(tree.live(0).join(".idx_a/nb-1-big-Data.db")).unwrap();
    assert!(tree.ok(&script(&files)).await.starts_with("reseed: open 2\nreseed: log\n"));
    // the same name is no proof: a file that took the place of the open one is not loaded
    let first = tree.live(0).join("nb-1-big-Data.db");
    fs::remove_file(&first).unwrap();
    fs::write(&first, "another").unwrap();
    assert!(tree.ok(&script(&files)).await.contains(&format!("reseed: not open {}\n", files[0])));
    fs::write(&log, format!("{start}{bad}")).unwrap();
    assert!(tree.ok(&script(&[])).await.ends_with(&format!("reseed: log\n{bad}reseed: end\n")));
    // as 2.2 begins
    fs::write(&log, format!("{bad}INFO  [main] 2026-01-01 00:00:00,000 Config.java:440 - Node configuration:[a=b]\n"))
        .unwrap();
    assert_eq!(tree.ok(&script(&[]).var("KEYSPACE", "")).await, "reseed: log\nreseed: end\n");
    fs::write(&log, bad).unwrap();
    let rotated = tree.ok(&script(&[]).var("KEYSPACE", "")).await;
    assert_eq!(rotated, format!("reseed: a log that began anew since\nreseed: log\n{bad}reseed: end\n"));
    // nobody can tell: not the same as not loaded
    fs::remove_file(&log).unwrap();
    tree.unsure(&script(&[]).var("KEYSPACE", ""), "cannot read").await;
    fs::write(&log, start).unwrap();
    tree.unsure(&script(&files).list("TABLES", ["gone-1"]), "cannot look into").await;
    // a process that nobody may look into
    tree.pretend_cassandra_with(4_194_399);
    tree.unsure(&script(&files), "cannot see which files").await;
}

pub async fn connected(tree: &mut Tree) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    client.write_all(b"x").unwrap();
    let script = Script::new("clients.gone.proof").var("PORTS", format!("{port} 1"));
    // a gateway may run on a node
    assert_eq!(tree.ok(&script).await, "reseed: client 0100007F\nreseed: end\n");
    drop((client, listener));
    assert_eq!(tree.ok(&script).await, "reseed: end\n");
    let tables = tree.root.join("net");
    fs::write(
        &tables,
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
         \x20  0: 0B004D0A:2352 00000000:0000 0A 00000000:00000000 00:00000000 00000000  9042        0 8524940\n\
         \x20  1: 0B004D0A:2352 32004D0A:BFFC 01 00000000:00000000 02:000A6CF6 00000000  9042        0 8532193\n\
         \x20  2: 0000000000000000FFFF00000B004D0A:2352 0000000000000000FFFF000033004D0A:BFFC 01 0:0 02:0 0 9042 0 1\n\
         \x20  3: 0000000000000000FFFF00000B004D0A:2352 0000000000000000FFFF00000B004D0A:BFFD 01 0:0 02:0 0 9042 0 2\n\
         \x20  4: 0B004D0A:2352 34004D0A:BFFC 06 00000000:00000000 02:000A6CF6 00000000  9042        0 0\n\
         \x20  5: 0B004D0A:1B58 35004D0A:BFFC 01 00000000:00000000 02:000A6CF6 00000000  9042        0 3\n",
    )
    .unwrap();
    tree.tool(
        "cat",
        &format!("#!/bin/sh\ncase $1 in /proc/net/*) set -- '{}' ;; esac\nexec /bin/cat \"$@\"\n", tables.display()),
    );
    if !tree.shell.ends_with("busybox") {
        let said = tree.ok(&script.var("PORTS", "9042 9160")).await;
        assert_eq!(said, "reseed: client 32004D0A\nreseed: client 33004D0A\nreseed: client 0B004D0A\nreseed: end\n");
    }
}

pub async fn compared(tree: &mut Tree) {
    let job = tree.job();
    let log = tree.root.join("system.log");
    let script = Script::new("repair.act").list("KEYSPACES", ["shop", "small"]).var("STALL_S", 0);
    let script = script.var("RESEED_JOB", job.display()).list("ALL", ["shop", "small"]);
    let script = script.var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "").var("RUN_AS", "");
    tree.tool("nodetool", "#!/bin/sh\necho \"$@\"\n");
    let said = tree.ok(&script.clone().var("PREVIEW", "yes")).await;
    assert!(said.ends_with("repair --full --preview small\n"), "{said}");
    let among = tree.ok(&script.clone().var("PREVIEW", "yes").list("HOSTS", ["10.0.0.1", "10.0.0.2"])).await;
    assert!(among.contains("repair --full -hosts 10.0.0.1 -hosts 10.0.0.2 --preview shop\n"), "{among}");
    // lines of 3.11.19; another repair of the same keyspace before, and of another one at the same time
    let line = |id: &str, text: &str| {
        format!("INFO  [RepairJobTask:1] 2026-11-23 03:02:07,006 x.java:1 - [repair #{id}] {text}\n")
    };
    let new = |id: &str, of: &str| {
        line(id, &format!("new session: will sync /10.0.0.1, /10.0.0.2 on range [(1,2]] for {of}"))
    };
    let old = new("0a-1", "shop.[a, b]")
        + &line("0a-1", "Endpoints /10.0.0.1 and /10.0.0.2 have 9 range(s) out of sync for a");
    fs::write(&log, old).unwrap();
    let during = new("1b-2", "shop.[by_text, OrderItems]")
        + &new("2c-3", "shop2.[a]")
        + &line("1b-2", "Endpoints /10.0.0.1 and /10.0.0.2 are consistent for by_text")
        + &line("1b-2", "by_text is fully synced")
        + &line("2c-3", "Endpoints /10.0.0.1 and /10.0.0.2 have 9 range(s) out of sync for a")
        + &line("1b-2", "Endpoints /10.0.0.1 and /10.0.0.2 have 12 range(s) out of sync for OrderItems")
        + &line("1b-2", "Endpoints /10.0.0.1 and /10.0.0.3 have 2 range(s) out of sync for OrderItems")
        + &line("1b-2", "OrderItems is fully synced");
    fs::write(tree.root.join("during"), during).unwrap();
    let (from, to) = (tree.root.join("during"), log.display());
    // in the middle of it the log is rotated
    let nodetool = format!(
        "#!/bin/sh\ncase $* in *shop) sleep 2; head -n 4 '{0}' >>'{to}'; sleep 2; mv '{to}' '{to}.1'; tail -n +5 '{0}' >'{to}' ;; esac\n",
        from.display()
    );
    tree.tool("nodetool", &nodetool);
    let said = tree.ok(&script.var("LOG", &to)).await;
    assert_eq!(
        said,
        "reseed: repair of shop\nreseed: differ OrderItems 14\nreseed: compared 1 2 2\n\
         reseed: repair of small\nreseed: compared 0 0 0\n"
    );
    assert!(!running(&to.to_string()), "nobody reads the log any more");
}

pub async fn compared_for_good(tree: &mut Tree) {
    let log = tree.root.join("system.log");
    fs::write(&log, "").unwrap();
    let script = |attempt: &str| {
        let job = tree.root.join(format!("step.{attempt}"));
        fs::create_dir(&job).unwrap();
        fs::write(job.join("out"), "").unwrap();
        let script = Script::new("repair.act").list("KEYSPACES", ["shop"]).var("STALL_S", 0);
        let script = script.var("RESEED_JOB", job.display()).var("ALL", "shop").var("FINAL", "yes");
        script.var("LOG", log.display()).var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "").var("RUN_AS", "")
    };
    let line = |text: &str| format!("INFO  [a:1] 2026-11-23 03:02:07,006 x.java:1 - [repair #1b-2] {text}");
    let session = line("new session: will sync /10.0.0.1, /10.0.0.2 on range [(1,2]] for shop.[a]");
    let differ = line("Endpoints /10.0.0.1 and /10.0.0.2 have 9 range(s) out of sync for a");
    let (mark, found) = (tree.root.join("step.open"), tree.root.join("step.differed"));
    let to = log.display();
    // one that is summed up leaves no mark
    tree.tool("nodetool", &format!("#!/bin/sh\nsleep 2; echo '{session}' >>'{to}'\n"));
    assert!(tree.ok(&script("1")).await.contains("reseed: compared 1 1 0\n"));
    assert!(!mark.exists());
    // one that dies between what it found and its sum: the repair has mixed the data by then
    let dies = format!(
        "#!/bin/sh\nsleep 2; echo '{session}' >>'{to}'; echo '{differ}' >>'{to}'\n\
         job=$(sed 's/.*) //' /proc/$PPID/stat | cut -d ' ' -f 2)\n\
         of_it=$(cat /proc/[0-9]*/stat 2>/dev/null | awk -v job=\"$job\" '{{ pid = $1; sub(/.*[)] /, \"\") }} $2 == job {{ print pid }}')\n\
         kill -9 $job $of_it\n"
    );
    tree.tool("nodetool", &dies);
    let reply = tree.run(&script("2")).await;
    let told = fs::read_to_string(&found).unwrap();
    assert!(reply.rc != 0 && mark.exists() && told.is_empty(), "{}: {}", tree.shell.display(), reply.stderr);
    tree.tool("nodetool", "#!/bin/sh\nexit 0\n");
    tree.fails(&script("3"), "the comparison of shop was begun before and ended without a result").await;
    // whoever looked into the log may say that nothing differed
    fs::remove_file(&mark).unwrap();
    tree.tool("nodetool", &format!("#!/bin/sh\nsleep 2; echo '{session}' >>'{to}'; echo '{differ}' >>'{to}'\n"));
    assert!(tree.ok(&script("4")).await.contains("reseed: differ a 9\n"));
    assert!(!mark.exists());
    tree.tool("nodetool", "#!/bin/sh\nexit 0\n");
    tree.fails(&script("5"), "that comparison mixed them").await;
}

/// Whether a `tail` of that file runs.
fn running(path: &str) -> bool {
    let line = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
    fs::read_dir("/proc").unwrap().flatten().map(line).any(|line| line.contains("tail") && line.contains(path))
}

pub async fn index_parts(tree: &mut Tree) {
    let asked = tree.root.join("asked");
    // as cqlsh prints them: backslashes doubled
    let rows = [
        r#"{"v": ["23", "it's"]}"#,
        r#"{"v": {"k {\\"x\\", ]": 23, "b": 1}}"#,
        r#"{"v": {"it's \\\\": {"a": [1, "}"]}, "b": {}}}"#,
        r#"{"v": {"a: b": "c, \\"d\\""}}"#,
        r#"{"v": {"m": [1, 2]}}"#,
        r#"{"v": [[1, 2], [3]]}"#,
    ];
    let results = rows.iter().map(|row| format!("\n [json]\n----\n {row}\n\n(1 rows)\n"));
    let results = results.collect::<Vec<_>>().concat();
    fs::write(tree.root.join("results"), results).unwrap();
    // every question is answered
    tree.tool(
        "cqlsh",
        &format!(
            "#!/bin/sh\nfor f in \"$@\"; do :; done\nif grep -q WHERE \"$f\"; then grep WHERE \"$f\" >'{}'\n\
             grep WHERE \"$f\" | while read -r _; do printf ' [json]\\n----\\n {{\"v\": 1}}\\n'; done\nelse cat '{}'; fi\n",
            asked.display(),
            tree.root.join("results").display()
        ),
    );
    let parts = ["values", "keys", "values", "entries", "whole", "values"];
    let line = |(n, part): (usize, &&str)| format!("i{n}\t\"shop\".\"bags\"\t\"c{n}\"\t{part}");
    let lines: Vec<String> = parts.iter().enumerate().map(line).collect();
    let script = Script::new("index.query.proof").list("INDEXES", &lines);
    let script = script.var("CQLSH", "cqlsh").var("CQLSH_ARGS", "").var("CQL_HOST", "h").var("CQL_PORT", "9042");
    let said = tree.ok(&script.clone().var("CQL_USER", "")).await;
    assert_eq!(said, "6 of 6 index(es) held values, all answered\n");
    let questions = fs::read_to_string(&asked).unwrap();
    let wanted = [
        r#""c0" CONTAINS fromJson('"23"')"#,
        r#""c1" CONTAINS KEY fromJson('"k {\"x\", ]"')"#,
        r#""c2" CONTAINS fromJson('{"a": [1, "}"]}')"#,
        r#""c3"[fromJson('"a: b"')] = fromJson('"c, \"d\""')"#,
        r#""c4" = fromJson('{"m": [1, 2]}')"#,
        r#""c5" CONTAINS fromJson('[1, 2]')"#,
    ];
    for (question, wanted) in questions.lines().zip(wanted) {
        assert!(question.contains(&format!(" WHERE {wanted} LIMIT 1;")), "{question}");
    }
    assert_eq!(questions.lines().count(), 6);
    // what a custom index does not allow to be asked (of words in a text, say) is left out; anything else is a failure
    let custom = lines.iter().enumerate().map(|(n, line)| format!("{line}{}", if n == 3 { "\tcustom" } else { "" }));
    let words = Script { vars: script.vars.clone(), ..Script::new(&script.name) }.list("INDEXES", custom);
    let results = tree.root.join("results");
    let refuses = |what: &str| {
        format!(
            "#!/bin/sh\nfor f in \"$@\"; do :; done\ngrep -q WHERE \"$f\" || exec cat '{}'\n\
             for n in 1 2 3 5 6; do printf ' [json]\\n----\\n {{\"v\": 1}}\\n'; done\necho \"$f:6:{what}\" >&2\nexit 2\n",
            results.display()
        )
    };
    tree.tool(
        "cqlsh",
        &refuses("InvalidRequest: Error from server: code=2200 [Invalid query] message=\\\"ALLOW FILTERING\\\""),
    );
    tree.fails(&script.clone().var("CQL_USER", ""), "an index query failed").await; // it is no custom one
    let said = tree.ok(&words.clone().var("CQL_USER", "")).await;
    assert_eq!(said, "5 of 6 index(es) held values, all answered; 1 cannot be asked for a value\n");
    tree.tool("cqlsh", &refuses("ReadFailure: Error from server: code=1300 [Replica(s) failed]"));
    tree.fails(&words.var("CQL_USER", ""), "an index query failed").await;
}
