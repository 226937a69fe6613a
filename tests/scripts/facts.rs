//! The scripts that gather facts, on the made-up node, beside a process that passes for Cassandra.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::{Child, Command};

use reseed::script::Script;

use super::pretend::Holds;
use super::tree::{DIR, KS, Tree};

/// What `facts.node` says, by key; of a node that serves nobody and whose nodetool says nothing.
async fn said(tree: &Tree, run_as: &str) -> BTreeMap<String, Vec<String>> {
    asked(tree, run_as, "/bin/true", 1).await
}

async fn asked(tree: &Tree, run_as: &str, nodetool: &str, port: u16) -> BTreeMap<String, Vec<String>> {
    lines(tree, script(tree, run_as, nodetool, port)).await
}

fn script(tree: &Tree, run_as: &str, nodetool: &str, port: u16) -> Script {
    let conf = tree.root.join("conf");
    Script::new("facts.node")
        .list("DIRS", (0..2).map(|n| format!("data-{n}\t{}", tree.data(n).display())))
        .var("BACKUP_ROOT", tree.root.display())
        .var("RUN_AS", run_as)
        .var("NODETOOL", nodetool)
        .var("NATIVE_PORT", port)
        .list("ADDRESSES", ["10.0.0.1", "10.1.0.1"])
        .var("NODETOOL_ARGS", "")
        .var("CONF", conf.display())
        .var("HOME_DIR", tree.root.display())
        .list("KEYSTORES", ["conf/.keystore".to_owned(), tree.root.join("conf/gone").display().to_string()])
        .list("SEEDS", ["localhost"])
}

async fn lines(tree: &Tree, script: Script) -> BTreeMap<String, Vec<String>> {
    let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let text = tree.ok(&script).await;
    for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
        lines.entry(key.to_owned()).or_default().push(value.to_owned());
    }
    lines
}

fn me() -> String {
    let id = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim().to_owned()
}

/// A node that serves clients and is in its ring under an address of its own is asked in one JVM; any
/// other one is asked who it is.
pub async fn jvms(tree: &mut Tree) {
    let calls = tree.root.join("calls");
    let nodetool = |rows: &str| {
        format!(
            "#!/bin/sh\necho $1 >>{}\ncase $1 in info) echo 'Gossip active: true' ;; status) printf '{rows}' ;; esac\n",
            calls.display()
        )
    };
    let row = |address: &str| format!("UN  {address}  145.77 KiB  4  100.0%%  4f065e01  rack1\\n");
    let serving = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = serving.local_addr().unwrap().port();
    let peers = row("10.0.0.2") + &row("10.0.0.11");
    for (rows, port, wanted) in [
        (row("10.0.0.1") + &peers, port, "status\n"),
        (row("10.0.0.1") + &peers, 1, "status\ninfo\n"),
        (peers.clone(), port, "status\ninfo\n"),
        (row("10.0.0.1") + &row("10.1.0.1"), port, "status\ninfo\n"),
    ] {
        tree.tool("nodetool", &nodetool(&rows));
        let _ = fs::remove_file(&calls);
        let found = asked(tree, &me(), "nodetool", port).await;
        assert_eq!(fs::read_to_string(&calls).unwrap(), wanted, "{rows}");
        assert!(found.contains_key("status") && found.contains_key("info") == wanted.contains("info"), "{found:?}");
    }
}

/// What the node may have missed, as its logs tell; they are read only where that matters.
pub async fn missed(tree: &mut Tree) {
    let log = tree.root.join("odd logs/system.log");
    fs::create_dir(log.parent().unwrap()).unwrap();
    let rotated = log.with_extension("log.1");
    fs::write(
        &rotated,
        "INFO  [main] 2026-01-02T03:00:00,123 CassandraDaemon.java:1 - Hostname: x\n\
         INFO  [ScheduledTasks:1] 2026-01-02T03:10:00,000 MessagingMetrics.java:2 - MUTATION_REQ messages were dropped in last 5000 ms\n",
    )
    .unwrap();
    assert!(Command::new("gzip").arg(&rotated).status().unwrap().success());
    fs::write(
        &log,
        "INFO  [ScheduledTasks:1] 2026-01-02 03:20:00,000 MessagingMetrics.java:2 - READ_REQ messages were dropped in last 5000 ms\n\
         INFO  [GossipTasks:1] 2026-01-02 03:30:00,000 Gossiper.java:3 - InetAddress /10.0.0.2:7000 is now DOWN\n\
         INFO  [GossipTasks:1] 2026-01-02 03:40:00,000 Gossiper.java:3 - InetAddress /10.0.0.2:7000 is now DOWN\n",
    )
    .unwrap();
    let script = script(tree, &me(), "/bin/true", 1).var("LOG", log.display());
    let found = lines(tree, script.clone().var("MISSED", "yes")).await;
    let number = |key: &str| found[key][0].rsplit('\t').next().unwrap().parse::<i64>().unwrap();
    assert_eq!(number("dropped") - number("log_from"), 600, "{found:?}");
    assert_eq!(number("seen_down") - number("log_from"), 2400, "{found:?}");
    assert!(found["seen_down"][0].starts_with("/10.0.0.2:7000\t"), "{found:?}");
    let found = lines(tree, script).await;
    assert!(!found.contains_key("log_from") && !found.contains_key("seen_down"), "{found:?}");
}

/// What lies beside live data.
pub async fn beside(tree: &mut Tree) {
    let (data, live) = (tree.data(0), tree.live(0));
    for stray in ["plain", "almost-f58cb0e0c9a611e7a9d0b5b6a2d0a1bz", "short-f58c"] {
        fs::create_dir(data.join(KS).join(stray)).unwrap();
    }
    for (name, old) in [("nb_txn_compaction_1.log", true), ("nb_txn_compaction_2.log", false)] {
        fs::write(live.join(name), "").unwrap();
        if old {
            let day = Command::new("touch").args(["-d", "2020-01-01"]).arg(live.join(name)).status().unwrap();
            assert!(day.success());
        }
    }
    fs::create_dir_all(data.join(".reseed/x/y")).unwrap();
    let found = said(tree, &me()).await;
    let stray: Vec<&str> = found["stray"].iter().map(|line| line.split_once('\t').unwrap().0).collect();
    assert_eq!(
        stray,
        [format!("{KS}/almost-f58cb0e0c9a611e7a9d0b5b6a2d0a1bz"), format!("{KS}/plain"), format!("{KS}/short-f58c")]
    );
    assert_eq!(found["txn_logs"].iter().map(|n| n.trim()).collect::<Vec<_>>(), ["1", "0"], "{found:?}");
    assert_eq!(found["foreign"].len(), 1, "an empty backups/ is nobody's: {found:?}");
    assert!(found["foreign"][0].starts_with(&format!("{KS}/{DIR}\t")), "{found:?}");
    assert_eq!((found["inodes"].len(), found["writer"][0].as_str()), (2, me().as_str()));
    assert!(!found.contains_key("unwritable") && !found.contains_key("unjudged"), "{found:?}");
    assert!(!found.contains_key("started"), "no Cassandra runs");
    if me() == "root" {
        // to somebody else all of it is closed, and only directories of data are looked at
        let found = said(tree, "nobody").await;
        let closed = &found["unwritable"];
        assert!(closed.contains(&live.display().to_string()), "{found:?}");
        assert!(
            closed.iter().all(|dir| !dir.contains(".reseed") && !dir.contains(&format!("{DIR}/snapshots"))),
            "{found:?}"
        );
        let found = said(tree, "nosuchuser").await;
        assert_eq!(found["unjudged"][0], "nothing can be run as nosuchuser");
    }
}

/// What passes for Cassandra; killed when dropped.
struct Daemon(Child);

impl Daemon {
    /// Its words are what counts; the jar is open, as a class path of lib/* leaves it.
    fn start(tree: &Tree, jar: &Path, options: &[&str]) -> Self {
        let script = "exec 7<\"$1\"; exec \"$2\" -e 'sleep 1000' org.apache.cassandra.service.CassandraDaemon $3";
        let java = tree.root.join("java");
        if !java.exists() {
            symlink("/usr/bin/perl", &java).unwrap();
        }
        let mut command = Command::new("sh");
        command.args(["-c", script, "sh"]).arg(jar).arg(&java).arg(options.join(" ")).current_dir(&tree.root);
        let daemon = Self(command.spawn().unwrap());
        let cmdline = format!("/proc/{}/cmdline", daemon.0.id());
        while !fs::read(&cmdline).unwrap().starts_with(java.as_os_str().as_encoded_bytes()) {
            std::thread::yield_now();
        }
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop((self.0.kill(), self.0.wait()));
    }
}

/// Where directories are that the yaml does not name: the process knows, else what would start it.
pub async fn storage(tree: &mut Tree) {
    let (conf, bin) = (tree.root.join("conf"), tree.root.join("bin"));
    fs::create_dir_all(&conf).unwrap();
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(tree.root.join("data")).unwrap();
    fs::write(conf.join("cassandra.yaml"), "cluster_name: x\n").unwrap();
    let script = Script::new("facts.host").var("CONF", conf.display()).var("HOME_DIR", tree.root.display());
    let script = script.var("CQLSH", "true");
    let told = |text: String| text.lines().find_map(|line| line.strip_prefix("storagedir=").map(str::to_owned));
    fs::write(bin.join("cassandra.in.sh"), "cassandra_storagedir=\"$CASSANDRA_HOME/data\"\n").unwrap();
    assert_eq!(told(tree.ok(&script).await), None);
    fs::write(bin.join("cassandra.in.sh"), "cassandra_storagedir=\"/srv/down\"\n").unwrap();
    assert_eq!(told(tree.ok(&script).await).as_deref(), Some("/srv/down"));
    fs::write(conf.join("jvm.options"), "#-Dcassandra.storagedir=/x\n-Dcassandra.storagedir=/srv/option\n").unwrap();
    assert_eq!(told(tree.ok(&script).await).as_deref(), Some("/srv/option"));
    let jar = conf.join("jvm.options");
    let usual = format!("-Dcassandra.storagedir={}/bin/../data", tree.root.display());
    for (option, wanted) in [("-Dcassandra.storagedir=/srv/runs", Some("/srv/runs")), (&usual, None)] {
        let _daemon = Daemon::start(tree, &jar, &[option]);
        assert_eq!(told(tree.ok(&script).await).as_deref(), wanted);
    }
    let why = tree.ok(&script.var("CQLSH", "no-such-cqlsh")).await;
    assert!(why.lines().any(|line| line.starts_with("no_cqlsh=") && line.contains("not found")), "{why}");
}

/// What a restart would find.
pub async fn restart(tree: &mut Tree) {
    let (conf, lib) = (tree.root.join("conf"), tree.root.join("lib"));
    fs::create_dir_all(&conf).unwrap();
    fs::create_dir_all(&lib).unwrap();
    for file in ["cassandra.yaml", "jvm.options", ".keystore"] {
        fs::write(conf.join(file), "# -Dcassandra.join_ring=false\n").unwrap();
        assert!(Command::new("touch").args(["-d", "2020-01-01"]).arg(conf.join(file)).status().unwrap().success());
    }
    let jar = lib.join("apache-cassandra-5.0.8.jar");
    fs::write(&jar, "").unwrap();
    let options = ["-Dcassandra.replace_address=10.0.0.1", "-Dcassandra.replace_address_first_boot=10.0.0.2"];
    let _daemon = Daemon::start(tree, &jar, &options);
    let found = said(tree, &me()).await;
    assert_eq!(
        (found["user"][0].as_str(), found["jar"][0].as_str()),
        (me().as_str(), jar.to_str().unwrap()),
        "{found:?}"
    );
    assert!(found["java"][0].contains("perl") && !found.contains_key("java_gone"), "{found:?}");
    assert_eq!(found["installed"], ["apache-cassandra-5.0.8.jar"]);
    assert_eq!(
        found["option"],
        ["its command line\t-Dcassandra.replace_address=10.0.0.1"],
        "comments and first boots do not count"
    );
    let keystores = &found["keystore"];
    assert!(keystores[0].ends_with("conf/.keystore\tyes") && keystores[1].ends_with("conf/gone\tno"), "{keystores:?}");
    assert!(found["seed"].iter().any(|line| line.starts_with("localhost\t")), "{found:?}");
    assert!(!found.contains_key("changed"), "{found:?}");

    // an upgrade and an edit
    fs::rename(&jar, lib.join("apache-cassandra-5.0.9.jar")).unwrap();
    fs::write(lib.join("apache-cassandra-5.0.9.jar.new"), "").unwrap();
    fs::rename(lib.join("apache-cassandra-5.0.9.jar.new"), lib.join("apache-cassandra-5.0.9.jar")).unwrap();
    let later = Command::new("touch").args(["-d", "2099-01-01"]).arg(conf.join("cassandra.yaml")).status().unwrap();
    assert!(later.success());
    fs::write(conf.join("jvm.options"), "-Dcassandra.join_ring=false\n").unwrap();
    let found = said(tree, &me()).await;
    assert!(found["jar"][0].ends_with("(deleted)"), "{found:?}");
    assert_eq!(found["installed"], ["apache-cassandra-5.0.9.jar"]);
    assert!(found["changed"].contains(&conf.join("cassandra.yaml").display().to_string()), "{found:?}");
    assert!(found["option"].iter().any(|line| line.ends_with("jvm.options\t-Dcassandra.join_ring=false")), "{found:?}");
}

/// A log that Cassandra does not write to is found out, and the one that it writes is taken when its name is the usual one.
pub async fn logs(tree: &mut Tree) {
    if !tree.takes_our_tools() {
        return;
    }
    tree.tool("nodetool", "#!/bin/sh\nexit 1\n");
    let path = |name: &str| {
        let path = tree.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        path
    };
    let (found, usual, odd) = (path("logs/system.log"), path("elsewhere/system.log"), path("elsewhere/cassandra.log"));
    let facts = async |held: &[&Path]| {
        let holds: Vec<Holds> = held.iter().map(|path| Holds::file(path)).collect();
        tree.pretend_processes(&holds);
        let lines = lines(tree, script(tree, &me(), "nodetool", 1).var("LOG", found.display())).await;
        let of = |key: &str| lines.get(key).map(|values| values.concat().trim().to_owned());
        (of("log"), of("log_foreign"))
    };
    let text = |path: &Path| Some(path.display().to_string());
    assert_eq!(facts(&[&found]).await, (None, None));
    assert_eq!(facts(&[]).await, (None, None), "no process");
    assert_eq!(facts(&[&usual, &odd]).await, (text(&usual), None));
    assert_eq!(facts(&[&odd]).await, (None, text(&odd)));
    assert_eq!(facts(&[&path("conf/cassandra.yaml")]).await, (None, Some(String::new())), "it logs to no file");
}

/// Keyspaces and tables that lie elsewhere in truth are told; what is set aside of a saved cache goes where no start looks.
pub async fn detours(tree: &mut Tree) {
    let root = fs::canonicalize(&tree.root).unwrap();
    let (inside, outside) = (root.join("elsewhere"), tempfile::tempdir_in("/dev/shm").unwrap());
    fs::create_dir_all(&inside).unwrap();
    let data = fs::canonicalize(tree.data(0)).unwrap();
    symlink(&inside, data.join("near")).unwrap();
    symlink(outside.path(), data.join("far")).unwrap();
    symlink(&inside, data.join(KS).join("t-f58cb0e0c9a611e7a9d0b5b6a2d0a1b3")).unwrap();
    let found = lines(tree, script(tree, &me(), "/bin/true", 1)).await;
    let mut told = found.get("detour").cloned().unwrap_or_default();
    told.sort();
    let mut wanted = vec![format!(
        "{KS}/t-f58cb0e0c9a611e7a9d0b5b6a2d0a1b3\t{}",
        data.join(KS).join("t-f58cb0e0c9a611e7a9d0b5b6a2d0a1b3").display()
    )];
    if fs::metadata(outside.path()).unwrap().dev() == fs::metadata(&data).unwrap().dev() {
        println!("/dev/shm is no other filesystem here");
    } else {
        wanted.insert(0, format!("far\t{}", data.join("far").display()));
    }
    assert_eq!(told, wanted);
    let caches = data.join("saved_caches");
    fs::create_dir_all(&caches).unwrap();
    let dirs = [format!("data-0\t{}", data.display()), format!("saved_caches\t{}", caches.display())];
    let found = lines(tree, script(tree, &me(), "/bin/true", 1).list("DIRS", dirs)).await;
    let place = |n: usize| found["dir"][n].split('\t').nth(2).unwrap().to_owned();
    assert_eq!(place(0), root.join(data.parent().unwrap()).join(".reseed").display().to_string());
    assert_eq!(place(1), caches.join(".reseed").display().to_string(), "not in the root of the data");
}
