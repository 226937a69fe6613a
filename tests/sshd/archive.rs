//! Backups go elsewhere and come back, end to end: the shipped binary over real sshd on the cluster that stands in, with
//! the commands of docs/archives.md as they stand there, against real tools and a real S3 server (`SeaweedFS`).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::operator::ALONE;
use crate::ports::port;
use crate::standin::Cluster;

/// Where tests/lab/setup.sh puts rclone and `SeaweedFS`.
fn tools() -> PathBuf {
    let cache = std::env::var_os("LAB_CACHE").map_or_else(|| PathBuf::from("/var/cache/reseed-lab"), PathBuf::from);
    let bin = cache.join("s3/bin");
    assert!(
        bin.join("rclone").exists() && Path::new("/usr/bin/age").exists(),
        "run tests/lab/setup.sh: it installs rclone and age"
    );
    bin
}

fn all(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

#[track_caller]
fn ends(cluster: &Cluster, code: i32, args: &[&str]) -> String {
    let out = cluster.reseed(args).output().unwrap();
    assert_eq!(out.status.code(), Some(code), "{args:?}: {}", all(&out));
    all(&out)
}

/// What the list says of a backup.
fn entry(cluster: &Cluster, tag: &str) -> Option<Value> {
    let out = cluster.reseed(&["backups", "list", "--output", "json"]).output().unwrap();
    let list: Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|why| panic!("{why}: {}", all(&out)));
    list["backups"].as_array().unwrap().iter().find(|backup| backup["name"] == tag).cloned()
}

fn sum(file: &Path) -> String {
    Sha256::digest(fs::read(file).unwrap()).iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn a_backup_is_archived_and_fetched_and_whatever_goes_wrong_is_told_and_publishes_nothing() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(cluster) = Cluster::start() else { return };
    cluster.again();
    let (root, store) = (cluster.path("host1/backup"), cluster.path("store"));
    fs::create_dir(&store).unwrap();
    let at = store.display();

    // the command fails: 5, the backup is whole; cured, the run goes on with the archive alone
    let fails = format!(
        "cat >\"{at}/$RESEED_TAG.part\"; test -e '{at}/cured' || {{ echo the store is full >&2; exit 9; }}; mv \"{at}/$RESEED_TAG.part\" \"{at}/$RESEED_TAG.tar\""
    );
    let told = ends(&cluster, 5, &["backup", "--tag", "first", "--archive", &fails]);
    assert!(told.contains("the store is full") && told.contains("ended with 9; the backup itself is whole"), "{told}");
    let listed = entry(&cluster, "first").unwrap();
    assert!(listed["state"] == "complete" && listed["archived"].is_null(), "{listed}");
    fs::write(store.join("cured"), "").unwrap();
    // roles go with it, and `backups verify` knows them afterwards
    fs::write(root.join("first/roles.encrypted"), "sealed").unwrap();
    let told = ends(&cluster, 0, &["resume"]);
    assert!(!told.contains("snapshot.take"), "{told}");
    let archive = store.join("first.tar");
    let listed = entry(&cluster, "first").unwrap();
    assert_eq!(listed["archived"]["sha256"], sum(&archive).as_str());
    assert_eq!(listed["archived"]["bytes"], fs::metadata(&archive).unwrap().len());
    assert!(ends(&cluster, 0, &["backups", "show", "first"]).contains(&sum(&archive)));

    // it comes back as it was; one that is there is not fetched
    let from = format!("cat \"{at}/$RESEED_TAG.tar\"");
    let fetch = ["backups", "fetch", "first", "--from", &from];
    assert!(ends(&cluster, 4, &fetch).contains("exists already"));
    fs::rename(root.join("first"), cluster.path("host1/first")).unwrap();
    assert!(ends(&cluster, 0, &[&fetch[..], &["--dry-run"]].concat()).contains("backup.fetch"));
    ends(&cluster, 0, &fetch);
    ends(&cluster, 0, &["backups", "verify", "first"]);
    assert_eq!(entry(&cluster, "first").unwrap()["archived"]["sha256"], sum(&archive).as_str());
    let mut same = Command::new("diff");
    let same = same
        .args(["-r", "-x", "archived.json", "-x", "verified.json"])
        .arg(root.join("first"))
        .arg(cluster.path("host1/first"))
        .output()
        .unwrap();
    assert!(same.status.success(), "{}", all(&same));

    // a file that is not as it was is not archived a second time
    let file = root.join("first/ks1/other/nb-1-big-Data.db");
    let data = fs::read(&file).unwrap();
    // of the same length: only its bytes tell
    fs::write(&file, data.iter().map(|byte| byte ^ 1).collect::<Vec<_>>()).unwrap();
    let told = ends(&cluster, 5, &["backups", "archive", "first", "--to", &format!("cat >{at}/never")]);
    assert!(
        told.contains("not as the manifest says: ks1/other/nb-1-big-Data.db") && !store.join("never").exists(),
        "{told}"
    );
    fs::write(&file, data).unwrap();
    ends(&cluster, 0, &["resume"]);
    ends(&cluster, 3, &["backups", "archive", "nowhere", "--to", "cat"]);

    // what is wrong with an archive is told, and nothing has the backup's name
    fs::remove_dir_all(root.join("first")).unwrap();
    let other = |command: &str, words: &str| {
        let told = ends(&cluster, 5, &["backups", "fetch", "first", "--from", command]);
        assert!(told.contains(words) && !root.join("first").exists(), "{command}: {told}");
    };
    other(&format!("cat {at}/first.tar; exit 7"), "ended with 7, after");
    other(&format!("head -c 5000 {at}/first.tar"), "not a whole tar");
    let mut bytes = fs::read(&archive).unwrap();
    let name = b"first/ks1/plain/nb-1-big-Data.db\0";
    let at_data = 512 + bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes[at_data] ^= 1;
    fs::write(store.join("flipped.tar"), &bytes).unwrap();
    other(&format!("cat {at}/flipped.tar"), "other bytes than when it was backed up");
    // what came is kept for a look; the run that is paused over it goes on when its archive is right
    assert!(ends(&cluster, 4, &fetch).contains("was never finished"));
    fs::copy(&archive, store.join("flipped.tar")).unwrap();
    ends(&cluster, 0, &["resume"]);
    ends(&cluster, 0, &["backups", "verify", "first"]);
    assert!(!root.join(".partial-first").exists());
}

/// A real S3 server, gone when dropped.
struct S3 {
    child: Child,
    endpoint: String,
}

impl S3 {
    fn start(dir: &Path) -> Self {
        fs::create_dir_all(dir.join("s3")).unwrap();
        let identity = r#"{"identities":[{"name":"reseed","credentials":[{"accessKey":"reseed","secretKey":"not-a-secret"}],"actions":["Admin","Read","Write","List"]}]}"#;
        fs::write(dir.join("s3.json"), identity).unwrap();
        let ports = [
            "master.port",
            "master.port.grpc",
            "volume.port",
            "volume.port.grpc",
            "filer.port",
            "filer.port.grpc",
            "s3.port",
            "s3.port.grpc",
        ]
        .map(|name| (name, port()));
        let mut command = Command::new(tools().join("weed"));
        command.args([
            "server",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            "-filer",
            "-s3",
            "-master.volumeSizeLimitMB=64",
            "-volume.max=20",
        ]);
        command.args(ports.iter().map(|(name, port)| format!("-{name}={port}")));
        command
            .arg(format!("-dir={}", dir.join("s3").display()))
            .arg(format!("-s3.config={}", dir.join("s3.json").display()));
        let log = fs::File::create(dir.join("s3.log")).unwrap();
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        Self { child, endpoint: format!("http://127.0.0.1:{}", ports[6].1) }
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The commands of one section of docs/archives.md, each whole.
fn documented() -> Vec<(String, Vec<String>)> {
    let text = include_str!("../../docs/archives.md");
    let sections = text.split("\n## ").skip(1).map(|section| {
        let title = section.lines().next().unwrap().to_owned();
        let blocks = section.split("\n```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap());
        let commands = blocks.flat_map(str::lines).filter(|line| line.starts_with("reseed ")).map(str::to_owned);
        (title, commands.collect::<Vec<_>>())
    });
    sections.filter(|(_, commands)| !commands.is_empty()).collect()
}

#[test]
fn the_commands_of_the_manual_archive_and_fetch_with_real_tools_and_a_real_s3_server() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(cluster) = Cluster::start() else { return };
    cluster.again();
    let bin = tools();
    let server = S3::start(cluster.dir.path());
    for dir in ["archive", "etc"] {
        fs::create_dir(cluster.path(dir)).unwrap();
    }
    // as docs/archives.md says to prepare it
    let key = cluster.path("etc/archive.key");
    let made = Command::new("age-keygen").arg("-o").arg(&key).output().unwrap();
    assert!(made.status.success(), "{}", all(&made));
    let public = Command::new("age-keygen").arg("-y").arg(&key).output().unwrap();
    fs::write(cluster.path("etc/archive.pub"), &public.stdout).unwrap();
    let conf = cluster.path("etc/rclone.conf");
    let text = format!(
        "[store]\ntype = s3\nprovider = SeaweedFS\nendpoint = {}\naccess_key_id = reseed\nsecret_access_key = not-a-secret\n",
        server.endpoint
    );
    fs::write(&conf, text).unwrap();
    let bucket = || {
        let mut rclone = Command::new(bin.join("rclone"));
        rclone.env_clear().arg("--config").arg(&conf).args([
            "--retries",
            "1",
            "--low-level-retries",
            "1",
            "mkdir",
            "store:backups",
        ]);
        rclone.output().unwrap()
    };
    for n in 0.. {
        let made = bucket();
        if made.status.success() {
            break;
        }
        assert!(
            n < 200,
            "no S3 server: {}\n{}",
            all(&made),
            fs::read_to_string(cluster.path("s3.log")).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(300));
    }
    let sections = documented();
    assert_eq!(sections.len(), 4, "{sections:?}");
    let here = |command: &str| {
        let command = command.replace("/mnt/archive", &cluster.path("archive").display().to_string());
        let command = command.replace("/etc/reseed", &cluster.path("etc").display().to_string());
        command.replace("rclone ", &format!("{} ", bin.join("rclone").display()))
    };
    let types = |command: &str| {
        // a shell of the operator's, in which `reseed` is ours
        let shell = format!(
            "reseed() {{ '{}' -i cluster.yaml --state-dir state \"$@\"; }}\n{}",
            env!("CARGO_BIN_EXE_reseed"),
            here(command)
        );
        let mut sh = Command::new("sh");
        sh.env_clear()
            .env("HOME", cluster.path("home"))
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        sh.arg("-c").arg(shell).current_dir(cluster.dir.path()).stdin(Stdio::null()).output().unwrap()
    };
    for (title, commands) in sections {
        let [archive, fetch] = &commands[..] else { panic!("{title}: {commands:?}") };
        let out = types(archive);
        assert!(out.status.success(), "{title}: {archive}\n{}", all(&out));
        let sent = entry(&cluster, "nightly").unwrap()["archived"]["sha256"].clone();
        let gone = cluster.path("host1/backup/nightly");
        fs::remove_dir_all(&gone).unwrap();
        let out = types(fetch);
        assert!(out.status.success(), "{title}: {fetch}\n{}", all(&out));
        let back = entry(&cluster, "nightly").unwrap();
        assert!(sent.is_string() && back["archived"]["sha256"] == sent, "{title}: {back}");
        ends(&cluster, 0, &["backups", "verify", "nightly"]);
        fs::remove_dir_all(&gone).unwrap();
        // one that is not in the store
        let out = types(&fetch.replace("nightly", "weekly"));
        assert_eq!(out.status.code(), Some(5), "{title}: {}", all(&out));
        assert!(
            !cluster.path("host1/backup/weekly").exists() && all(&out).contains("gave nothing"),
            "{title}: {}",
            all(&out)
        );
        println!("{title}: archived, fetched, verified");
    }
    // what age wrote is not what went in
    let mut stored =
        fs::read_dir(cluster.path("archive")).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    stored.sort();
    assert!(fs::read(stored.last().unwrap()).unwrap().starts_with(b"age-encryption.org/v1"), "{stored:?}");
}
