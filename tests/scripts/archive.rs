//! An archive goes out and comes back: a tar through a pipe, what is made of a command that fails, and of a tar that
//! means harm. With files of a real backup.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use reseed::backup::manifest::Manifest;
use reseed::name::HostName;
use reseed::remote::Reply;
use reseed::script::Script;
use reseed::step::{Ask, Observations, ResolvedStep, Seen, Verdict, spec};
use sha2::{Digest, Sha256};

use super::tree::Tree;

pub const TAG: &str = "real";

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat()
}

/// A real backup of that version below `backup/real`.
pub fn real(tree: &Tree, version: &str) -> PathBuf {
    let root = tree.root.join("backup");
    fs::create_dir_all(&root).unwrap();
    let archive = format!("{}/tests/fixtures/backups/{version}.tar.gz", env!("CARGO_MANIFEST_DIR"));
    let out = Command::new("tar").args(["-xzof", &archive, "-C"]).arg(&root).status().unwrap();
    assert!(out.success());
    root.join(TAG)
}

fn script(tree: &Tree, name: &str, command: &str) -> Script {
    let backup = |below: &str| tree.root.join("backup").join(below).display().to_string();
    Script::new(name)
        .var("RESEED_JOB", tree.job().display())
        .var("TAG", TAG)
        .var("CLUSTER", "Lab Cluster")
        .var("COMMAND", command)
        .var("PARTIAL", backup(&format!(".partial-{TAG}")))
        .var("FINAL", backup(TAG))
}

fn send(tree: &Tree, command: &str) -> Script {
    script(tree, "backup.archive.act", command).var("DIGEST", "").var("SUMS", "")
}

fn fetch(tree: &Tree, command: &str) -> Script {
    script(tree, "backup.fetch.act", command)
}

fn tar(tree: &Tree) -> PathBuf {
    tree.root.join("archive.tar")
}

/// What is judged of a fetch by what the host says of it.
async fn judged(tree: &Tree) -> Verdict {
    let host = HostName::parse("here").unwrap();
    let proof = script(tree, "backup.fetch.proof", "");
    let reply: Reply = tree.run(&proof).await;
    let mut step: ResolvedStep = serde_json::from_value(serde_json::json!({
        "id": "x", "step": "backup.fetch", "host": "here", "summary": "", "idempotent": true, "limit_s": 0
    }))
    .unwrap();
    step.proof = vec![Ask { host: host.clone(), script: proof }];
    (spec("backup.fetch").unwrap().judge)(
        &step,
        &Observations { act: None, seen: vec![Seen { host, reply: Ok(reply) }] },
    )
}

/// What went out is what is said to have gone out, twice the same; nothing of ours is in the command's environment.
pub async fn sent(tree: &mut Tree) {
    let backup = real(tree, "5.0.8");
    fs::write(backup.join("verified.json"), "{}").unwrap();
    fs::write(backup.join("roles.encrypted"), "sealed").unwrap();
    // more than all pipes hold, so that there is something to be seen of it on its way
    fs::write(backup.join("shop/plain/nb-2-big-Data.db"), vec![7; 600_000]).unwrap();
    let (out, env) = (tar(tree), tree.root.join("env"));
    let command = format!("cat >'{}'; env >'{}'; echo stored", out.display(), env.display());
    let mut sums = vec![];
    let progress = tree.root.join("progress");
    for _ in 0..2 {
        // slow enough to be looked at
        let slow = send(tree, &format!("sleep 1.2; {command}")).var("RESEED_PROGRESS", progress.display());
        let said = tree.ok(&slow).await;
        let told = fs::read_to_string(&progress).unwrap();
        let figures: Vec<u64> = told.split(' ').take(2).map(|figure| figure.parse().unwrap()).collect();
        assert!(figures[0] > 0 && figures[0] <= figures[1] && told.ends_with(" bytes\n"), "{told}");
        let beside: Vec<_> = fs::read_dir(tree.root.join("backup")).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(beside, [TAG], "nothing is left beside the backup");
        let bytes = fs::read(&out).unwrap();
        assert_eq!(said.trim(), sum(&bytes), "what the command read, and nothing that it printed");
        let record = fs::read_to_string(backup.join("archived.json")).unwrap();
        assert!(record.contains(&sum(&bytes)) && record.contains(&format!("\"bytes\":{},", bytes.len())), "{record}");
        sums.push(sum(&bytes));
    }
    assert_eq!(sums[0], sums[1], "the same backup makes the same tar");
    let env = fs::read_to_string(env).unwrap();
    let mut ours: Vec<&str> = env.lines().filter(|line| line.starts_with("RESEED") || line.contains(TAG)).collect();
    ours.sort_unstable();
    assert_eq!(ours, ["RESEED_CLUSTER=Lab Cluster", "RESEED_TAG=real"], "{env}");
    let listed = Command::new("tar").arg("-tf").arg(&out).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.starts_with("real/manifest.json\nreal/manifest.json.sha256\nreal/shop/"), "{listed}");
    assert!(!listed.contains("verified.json") && !listed.contains("archived.json"), "{listed}");
    assert!(listed.contains("\nreal/roles.encrypted\n"), "{listed}");
}

/// A command that fails or does not read all; a backup that is not what its manifest says.
pub async fn not_sent(tree: &mut Tree) {
    let backup = real(tree, "5.0.8");
    tree.fails(&send(tree, "cat >/dev/null; exit 9"), "the archive command ended with 9; the backup itself is whole")
        .await;
    tree.fails(&send(tree, "head -c 100 >/dev/null; exit 3"), "ended with 3").await;
    tree.fails(&send(tree, "exec no-such-program"), "ended with 127").await;
    // more than a pipe holds is left unread
    tree.fails(&send(tree, "head -c 100 >/dev/null; sleep 0.3"), "before it had read everything").await;
    // where signals are ignored (systemd), a pipe that breaks is an error and not the end of tee
    let ignoring = send(tree, "head -c 100 >/dev/null; sleep 0.3");
    tree.fails_ignoring_pipes(&ignoring, "before it had read everything").await;
    assert!(!backup.join("archived.json").exists(), "nothing is said to be archived");
    let manifest = fs::read_to_string(backup.join("manifest.json")).unwrap();
    let read = Manifest::parse(&manifest, &sum(manifest.as_bytes())).unwrap();
    let sums: Vec<String> = read
        .files()
        .map(|(ks, table, file)| format!("{}  {}/{}/{}", file.sha256, ks.name, table.name, file.path))
        .collect();
    // those of --with-roles are in no manifest
    fs::write(backup.join("roles.encrypted"), "sealed").unwrap();
    let marker = tree.root.join("ran");
    let command = format!("cat >'{}'", marker.display());
    tree.ok(&send(tree, &command).list("SUMS", &sums).var("DIGEST", sum(manifest.as_bytes()))).await;
    fs::remove_file(&marker).unwrap();
    tree.fails(&send(tree, &command).var("DIGEST", "ab"), "is another backup than the one that was looked at").await;
    let file = backup.join("shop/packed/.packed_by_owner/nb-1-big-Filter.db");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, [&bytes[..15], &[bytes[15] ^ 1]].concat()).unwrap();
    let words = "not as the manifest says: shop/packed/.packed_by_owner/nb-1-big-Filter.db";
    tree.fails(&send(tree, &command).list("SUMS", &sums), words).await;
    fs::write(backup.join("manifest.json"), manifest.replace("cass1", "cass2")).unwrap();
    tree.fails(&send(tree, &command), "the manifest of").await;
    assert!(!marker.exists(), "nothing was sent");
}

/// The archive comes back as the backup that it was.
pub async fn fetched(tree: &mut Tree) {
    for version in ["5.0.8", "2.2.19"] {
        let backup = real(tree, version);
        fs::write(backup.join("roles.encrypted"), "sealed").unwrap();
        let before: Vec<_> = Tree::list(&backup).into_iter().map(|f| (fs::read(backup.join(&f)).unwrap(), f)).collect();
        tree.ok(&send(tree, &format!("cat >'{}'", tar(tree).display()))).await;
        fs::remove_dir_all(&backup).unwrap();
        // with what others left of an earlier one, and what a tar made by hand holds
        fs::create_dir_all(tree.root.join("backup/.partial-real/in/junk")).unwrap();
        let said = tree.ok(&fetch(tree, &format!("cat '{}'; cat >/dev/null", tar(tree).display()))).await;
        assert!(said.contains(&sum(&fs::read(tar(tree)).unwrap())), "{said}");
        assert!(!backup.exists(), "not before it was judged");
        let verdict = judged(tree).await;
        assert!(
            matches!(&verdict, Verdict::Holds(why) if why.contains("every byte as in the manifest")),
            "{verdict:?}"
        );
        for _ in 0..2 {
            tree.ok(&script(tree, "fetch.publish.act", "")).await;
        }
        tree.ok(&script(tree, "fetch.publish.proof", "")).await;
        let record = fs::read_to_string(backup.join("archived.json")).unwrap();
        assert!(record.contains(&sum(&fs::read(tar(tree)).unwrap())), "the same tar as went out: {record}");
        fs::remove_file(backup.join("archived.json")).unwrap();
        let after: Vec<_> = Tree::list(&backup).into_iter().map(|f| (fs::read(backup.join(&f)).unwrap(), f)).collect();
        assert_eq!(before, after, "{version}");
        assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o700);
        tree.fails(&fetch(tree, "true"), "exists already").await;
        fs::remove_dir_all(&backup).unwrap();
    }
}

/// One member of a tar, as bytes: any name, any type.
fn member(name: &str, kind: u8, link: &str, data: &[u8]) -> Vec<u8> {
    let mut head = [0_u8; 512];
    let mut put = |at: usize, text: &[u8]| head[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", data.len()).as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    put(329, b"0000001\0");
    put(337, b"0000003\0");
    let sum: u32 = head.iter().map(|b| u32::from(*b)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut all = head.to_vec();
    all.extend(data);
    all.resize(all.len().div_ceil(512) * 512, 0);
    all
}

/// Whatever the tar holds that no backup holds: refused, nothing kept, nothing written elsewhere.
pub async fn fetch_refused(tree: &mut Tree) {
    let backup = real(tree, "2.2.19");
    tree.ok(&send(tree, &format!("cat >'{}'", tar(tree).display()))).await;
    fs::remove_dir_all(&backup).unwrap();
    let whole = fs::read(tar(tree)).unwrap();
    // without the blocks of zeros that end it
    let end = whole.len() - whole.iter().rev().take_while(|b| **b == 0).count();
    let body = &whole[..end.div_ceil(512) * 512];
    let outside = tree.root.join("outside");
    let above = outside.display().to_string();
    let link = |name: &str, to: &str| member(name, b'2', to, b"");
    let hostile: Vec<(&str, Vec<u8>, &str)> = vec![
        ("an absolute path", member(&above, b'0', "", b"x"), "instead of the one directory real"),
        ("a path that climbs", member("real/../../../outside", b'0', "", b"x"), ""),
        ("a path that climbs at once", member("../../../outside", b'0', "", b"x"), ""),
        ("a link", link("real/shop/plain/link", "/etc/passwd"), "neither a file nor a directory"),
        (
            "a link and a file through it",
            [link("real/shop/up", "../../../.."), member("real/shop/up/outside", b'0', "", b"x")].concat(),
            "",
        ),
        ("a hard link", member("real/shop/plain/lb-9-big-Data.db", b'1', "real/manifest.json", b""), "as a hard link"),
        ("a device", member("real/shop/plain/null", b'3', "", b""), ""),
        ("a pipe", member("real/shop/plain/pipe", b'6', "", b""), "neither a file nor a directory"),
        ("a stranger among the tables", member("real/shop/stray", b'0', "", b"x"), "belongs to no backup"),
        ("a stranger beside the manifest", member("real/.bashrc", b'0', "", b"x"), "belongs to no backup"),
        ("a directory too deep", member("real/shop/plain/snapshots/x/y", b'0', "", b"x"), "belongs to no backup"),
        ("a name with a line break", member("real/shop/plain/a\nb", b'0', "", b"x"), "belongs to no backup"),
        (
            "another backup too",
            member("other/manifest.json", b'0', "", b"x"),
            "the archive holds other real instead of",
        ),
    ];
    let partial = tree.root.join("backup/.partial-real");
    let nothing = |what: &str| {
        assert!(!partial.exists() && !backup.exists() && !outside.exists(), "{what}: something was left");
    };
    for (what, more, words) in &hostile {
        fs::write(tar(tree), [body, &more[..], &[0; 1024]].concat()).unwrap();
        tree.fails(&fetch(tree, &format!("cat '{}'", tar(tree).display())), words).await;
        nothing(what);
    }
    let at = |name: &str| {
        let name = format!("{name}\0");
        512 + whole.windows(name.len()).position(|window| window == name.as_bytes()).unwrap()
    };
    // within the data of a file: between two, a tar without its end is one all the same, and the manifest tells
    let cut = at("real/shop/plain/lb-1-big-Statistics.db") + 1000;
    let faults: [(&str, String, &str); 9] = [
        ("cut in the middle", format!("head -c {cut} '{{}}'"), "is not a whole tar"),
        ("cut and failing", format!("head -c {cut} '{{}}'; exit 9"), "ended with 9, and what"),
        ("failing after the last byte", "cat '{}'; exit 7".to_owned(), "ended with 7, after"),
        ("failing a while after the last byte", "cat '{}'; sleep 0.3; exit 7".to_owned(), "ended with 7, after"),
        ("nothing", "true".to_owned(), "gave nothing and ended with 0"),
        ("nothing, and failing", "exit 3".to_owned(), "gave nothing and ended with 3"),
        ("garbage", "head -c 100000 /dev/urandom".to_owned(), "is not a whole tar"),
        ("words", "cat /etc/passwd".to_owned(), "is not a whole tar"),
        ("another one's", "sed 's|real/|fake/|g' '{}'".to_owned(), ""),
    ];
    fs::write(tar(tree), &whole).unwrap();
    for (what, command, words) in faults {
        tree.fails(&fetch(tree, &command.replace("{}", &tar(tree).display().to_string())), words).await;
        nothing(what);
    }
    // cut where a member ends: a tar, for tar; files are missing, by the manifest
    fs::write(tar(tree), [&body[..body.len() - member("x", b'0', "", &[0; 1155]).len()], &[0; 1024][..]].concat())
        .unwrap();
    tree.ok(&fetch(tree, &format!("cat '{}'", tar(tree).display()))).await;
    let verdict = judged(tree).await;
    assert!(
        matches!(&verdict, Verdict::Not(why) if why.contains("missing") && why.contains("nothing was published")),
        "{verdict:?}"
    );
    // a flipped bit of the data
    let mut bytes = whole.clone();
    bytes[at("real/shop/plain/lb-1-big-Data.db") + 700] ^= 4;
    fs::write(tar(tree), &bytes).unwrap();
    tree.ok(&fetch(tree, &format!("cat '{}'", tar(tree).display()))).await;
    let verdict = judged(tree).await;
    assert!(
        matches!(&verdict, Verdict::Not(why) if why.contains("shop/plain/lb-1-big-Data.db: other bytes")),
        "{verdict:?}"
    );
}

/// A tar that writes outside of its directory is found out before it sees the archive.
pub async fn fetch_careless(tree: &mut Tree) {
    tree.tool("tar", "#!/bin/sh\nfor last in \"$@\"; do :; done\n: >\"$last/../through\"\n");
    tree.fails(&fetch(tree, "echo no >&2; exit 1"), "writes outside of the directory").await;
    assert!(!tree.root.join("backup/.partial-real").exists());
}

/// Whichever command is the last: a backup that has its name is whole, and the next attempt ends it.
pub async fn publish_cut(tree: &mut Tree) {
    let backup = real(tree, "2.2.19");
    let files = Tree::list(&backup);
    let mut cuts = 0;
    for at in 0.. {
        let partial = tree.root.join("backup/.partial-real");
        fs::create_dir_all(partial.join("in")).unwrap();
        fs::write(partial.join("stream"), "10240 aa\n").unwrap();
        fs::rename(&backup, partial.join("in/real")).unwrap();
        drop(fs::remove_file(partial.join("in/real/archived.json")));
        tree.pretend_configured();
        let publish = script(tree, "fetch.publish.act", "");
        if !tree.dies_at(at, &publish).await {
            break;
        }
        cuts += 1;
        if backup.exists() {
            assert!(files.is_subset(&Tree::list(&backup)), "cut {at}");
        }
        tree.ok(&publish).await;
        tree.ok(&script(tree, "fetch.publish.proof", "")).await;
        assert!(files.is_subset(&Tree::list(Path::new(&backup))) && !partial.exists(), "cut {at}");
    }
    assert!(cuts >= 3, "{cuts} cuts");
}
