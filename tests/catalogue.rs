//! The catalogue on real directories: its scripts under every shell that is here, through the
//! transport for this machine, and what becomes of their answers.

#[path = "conformance/program.rs"]
mod program;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use reseed::backup::catalogue::Backup;
use reseed::backup::written::Written;
use reseed::catalogue::{Catalogue, CatalogueError, Looked, Manifested};
use reseed::inventory::Inventory;
use reseed::name::Tag;
use reseed::remote::local::LocalTransport;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Parts of an sstable, with what is in them; the digest is that of `data`.
const PARTS: [(&str, &str); 4] = [
    ("Data.db", "data"),
    ("Digest.crc32", "2918445923"),
    ("Statistics.db", "statistics"),
    ("TOC.txt", "Data.db\nDigest.crc32\nStatistics.db\nTOC.txt\n"),
];

/// The shells that are here.
fn shells() -> Vec<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let find = |name: &str| path.split(':').map(|dir| Path::new(dir).join(name)).find(|file| file.exists());
    ["dash", "bash", "busybox"].into_iter().filter_map(find).collect()
}

/// A backup root, and a directory of programs that comes first.
struct Root {
    dir: TempDir,
    bin: TempDir,
}

impl Root {
    fn new(shell: &Path) -> Self {
        // a name full of what would be special in a pattern
        let dir = tempfile::Builder::new().prefix("ro+o[t]*").tempdir().unwrap();
        let bin = tempfile::tempdir().unwrap();
        symlink(shell, bin.path().join("sh")).unwrap();
        Self { dir, bin }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// One that a program cannot be found in: what passes for it says that it fails.
    fn without(&self, programs: &[&str]) {
        for name in programs {
            program::write(&self.bin.path().join(name), "#!/bin/sh\nexit 1\n");
        }
    }

    fn catalogue(&self) -> Arc<Catalogue<LocalTransport>> {
        let root = self.dir.path().display();
        let text = format!(
            "cluster: Lab Cluster\nnodes:\n  - {{name: n, host: h, seed: true}}\nbackup: {{root: \"{root}\"}}\n"
        );
        let inventory = Inventory::parse(&text, Path::new("i.yaml")).unwrap();
        let transport = Arc::new(LocalTransport::default().with_path(self.bin.path()));
        Arc::new(Catalogue::of(&inventory, &transport))
    }

    /// A backup in the form in which `backup.publish` writes it: two sstables, one of them an index's.
    fn backup(&self, tag: &str) {
        let mut lines = vec![];
        for (sub, id) in [("", 1), (".by_x/", 2)] {
            fs::create_dir_all(self.path(&format!("{tag}/ks/t/{sub}"))).unwrap();
            for (part, text) in PARTS {
                let path = format!("{sub}nb-{id}-big-{part}");
                fs::write(self.path(&format!("{tag}/ks/t/{path}")), text).unwrap();
                lines.push(format!(r#"{{"path":"{path}","size":{},"sha256":"{}"}}"#, text.len(), sum(text)));
            }
        }
        let head = format!(
            r#"{{"format":1,"tag":"{tag}","cluster":"Lab Cluster","node":"n","host_id":"8d5ed9f4-7764-4dbd-bad8-43fddce94b7c","version":"5.0.8","partitioner":"Murmur3Partitioner","taken_at":"2026-01-01T00:00:00Z","reseed":"0"}}"#
        );
        let table = r#"{"name":"t","id":"f58cb0e0-c9a6-11e7-a9d0-b5b6a2d0a1b2","columns":[],"indexes":[],"views":[],"rows_estimate":1"#;
        let cql = r#"CREATE TABLE \"ks\".t {\"path\":\"x\"}"#;
        let json = format!(
            "{},\"keyspaces\":[\n{{\"name\":\"ks\",\"replication\":{{\"class\":\"SimpleStrategy\",\"replication_factor\":\"1\"}},\"schema_cql\":\"{cql}\",\"tables\":[\n{table},\"files\":[\n{}]}}]}}]}}\n",
            head.trim_end_matches('}'),
            lines.join(",\n")
        );
        fs::write(self.path(&format!("{tag}/manifest.json")), &json).unwrap();
        fs::write(self.path(&format!("{tag}/manifest.json.sha256")), format!("{}  manifest.json\n", sum(&json)))
            .unwrap();
    }
}

fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat()
}

fn tag(text: &str) -> Tag {
    Tag::parse(text).unwrap()
}

async fn verified(root: &Root, name: &str) -> Looked {
    root.catalogue().verify(&tag(name), &|_, _| {}).await.unwrap()
}

fn harms(looked: &Looked) -> Vec<String> {
    looked.damage.iter().map(|damage| format!("{} {}", damage.path, damage.harm.word())).collect()
}

#[tokio::test]
async fn every_entry_of_the_root_is_listed_as_what_it_is() {
    for shell in shells() {
        let root = Root::new(&shell);
        assert_eq!(root.catalogue().list().await.unwrap(), vec![], "an empty root");
        root.backup("good");
        root.backup("changed");
        let manifest = root.path("changed/manifest.json");
        fs::write(&manifest, fs::read_to_string(&manifest).unwrap().replace("5.0.8", "5.0.9")).unwrap();
        for dir in
            [".partial-half/.work", ".pruned-old/ks", "lost+found", "odd/deep", "theirs/kps_a", "tool/snap/kps_a"]
        {
            fs::create_dir_all(root.path(dir)).unwrap();
        }
        fs::write(root.path("theirs/kps_a/nb-1-big-Data.db"), "x").unwrap();
        fs::write(root.path("tool/snap/kps_a/nb-1-big-Data.db"), "x").unwrap();
        fs::write(root.path("a-file"), "x").unwrap();
        symlink("good", root.path("a-link")).unwrap();
        let backups = root.catalogue().list().await.unwrap();
        let told: BTreeMap<&str, &str> = backups.iter().map(|b| (b.name.as_str(), b.state.word())).collect();
        let expected = [
            (".partial-half", "partial"),
            (".pruned-old", "pruned"),
            ("changed", "damaged"),
            ("good", "complete"),
            ("odd", "foreign"),
            ("theirs", "written"),
            ("tool", "written"),
        ];
        assert_eq!(told, expected.into(), "{}", shell.display());
        let good: &Backup = backups.iter().find(|b| b.name == "good").unwrap();
        let contents = good.contents.as_ref().unwrap();
        let bytes: usize = PARTS.iter().map(|(_, text)| 2 * text.len()).sum();
        assert_eq!((contents.files, contents.tables, good.bytes), (8, 1, bytes as u64));
        assert!(good.verified.is_none());
    }
}

#[tokio::test]
async fn a_sound_backup_is_found_sound_and_the_list_says_so_afterwards() {
    for shell in shells() {
        let root = Root::new(&shell);
        root.backup("good");
        let seen = Mutex::new(vec![]);
        let looked = root
            .catalogue()
            .verify(&tag("good"), &|done, total| seen.lock().unwrap().push((done, total)))
            .await
            .unwrap();
        assert_eq!(harms(&looked), Vec::<String>::new(), "{}", shell.display());
        assert!(looked.sound() && looked.unkept.is_none() && looked.verified.digests == 2, "{looked:?}");
        assert!(seen.lock().unwrap().last().is_some_and(|(done, total)| done == total && *total > 0));
        let listed = root.catalogue().list().await.unwrap();
        assert!(listed[0].verified.as_ref().is_some_and(|v| v.sound && v.files == 8), "{listed:?}");
        // its own record is no stranger to it
        assert!(verified(&root, "good").await.sound());
    }
}

/// What can become of a file of that text, and how it is told.
type Damage = (&'static str, fn(&Path, &str));

const DAMAGES: [Damage; 8] = [
    ("bytes", |file, text| flip(file, text, 0)),
    ("bytes", |file, text| flip(file, text, text.len() / 2)),
    ("bytes", |file, text| flip(file, text, text.len() - 1)),
    ("size", |file, text| fs::write(file, &text[..text.len() - 1]).unwrap()),
    ("size", |file, text| fs::write(file, format!("{text}x")).unwrap()),
    ("size", |file, _| fs::write(file, "").unwrap()),
    ("missing", |file, _| fs::remove_file(file).unwrap()),
    ("no-file", |file, _| {
        fs::remove_file(file).unwrap();
        symlink("/etc/passwd", file).unwrap();
    }),
];

fn flip(file: &Path, text: &str, at: usize) {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] ^= 1;
    fs::write(file, bytes).unwrap();
}

#[tokio::test]
async fn every_kind_of_damage_of_every_component_is_found() {
    for shell in shells() {
        for (harm, damage) in DAMAGES {
            let root = Root::new(&shell);
            root.backup("b");
            let mut expected = vec![];
            for sub in [".by_x/nb-2-big-", "nb-1-big-"] {
                for (part, text) in PARTS {
                    let path = format!("ks/t/{sub}{part}");
                    damage(&root.path("b").join(&path), text);
                    expected.push(format!("{path} {harm}"));
                }
            }
            let looked = verified(&root, "b").await;
            assert_eq!(harms(&looked), expected, "{}", shell.display());
            assert!(!looked.sound() && matches!(looked.manifest, Manifested::Whole(..)));
        }
    }
}

#[tokio::test]
async fn one_file_too_many_or_a_directory_in_a_files_place_is_found() {
    for shell in shells() {
        let root = Root::new(&shell);
        root.backup("b");
        let extra = ["ks/t/nb-7-big-Data.db", "ks/t/verified.json", "stray"];
        for path in extra {
            fs::write(root.path("b").join(path), "x").unwrap();
        }
        let table = root.path("b/ks/t/nb-1-big-TOC.txt");
        fs::remove_file(&table).unwrap();
        fs::create_dir(&table).unwrap();
        let mut expected: Vec<String> = extra.iter().map(|path| format!("{path} extra")).collect();
        expected.insert(0, "ks/t/nb-1-big-TOC.txt missing".to_owned());
        assert_eq!(harms(&verified(&root, "b").await), expected, "{}", shell.display());
    }
}

#[tokio::test]
async fn data_that_were_bad_before_they_were_backed_up_are_found_by_cassandras_own_digest() {
    // with each tool that can tell; what comes before it is made to fail
    for (broken, tool) in [(&[][..], "python3"), (&["python3"][..], "perl"), (&["python3", "perl"][..], "gzip")] {
        for shell in shells() {
            let root = Root::new(&shell);
            root.without(broken);
            root.backup("b");
            assert_eq!(harms(&verified(&root, "b").await), Vec::<String>::new(), "{tool}");
            // the manifest agrees with the wrong data
            for file in ["b/manifest.json", "b/ks/t/nb-1-big-Data.db"] {
                let text = fs::read_to_string(root.path(file)).unwrap();
                fs::write(root.path(file), text.replace("data", "dada").replace(&sum("data"), &sum("dada"))).unwrap();
            }
            let json = fs::read_to_string(root.path("b/manifest.json")).unwrap();
            fs::write(root.path("b/manifest.json.sha256"), format!("{}  manifest.json\n", sum(&json))).unwrap();
            let looked = verified(&root, "b").await;
            let found = harms(&looked);
            assert!(found.contains(&"ks/t/nb-1-big-Data.db digest".to_owned()), "{tool}: {found:?}");
            assert_eq!(looked.verified.digest_tool, tool);
        }
    }
}

#[tokio::test]
async fn without_any_tool_the_digests_are_said_not_to_be_looked_at() {
    let root = Root::new(Path::new("/bin/sh"));
    root.backup("b");
    root.without(&["python3", "perl"]);
    // `command -v` finds whatever can be run: the only way to hide gzip is a PATH without it
    let bin = root.bin.path();
    for program in [
        "sed",
        "cat",
        "stat",
        "find",
        "xargs",
        "openssl",
        "sha256sum",
        "cut",
        "base64",
        "tr",
        "head",
        "mv",
        "rm",
        "env",
        "date",
        "wc",
        "mkdir",
        "mktemp",
        "tail",
        "awk",
        "grep",
        "printf",
        "sort",
        "id",
        "du",
        "sleep",
    ] {
        let path = std::env::var("PATH").unwrap();
        if let Some(real) = path.split(':').map(|dir| Path::new(dir).join(program)).find(|file| file.exists()) {
            let _ = symlink(real, bin.join(program));
        }
    }
    let script = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/backup/digest.sh")).unwrap();
    let out = std::process::Command::new("/bin/sh")
        .env("PATH", bin)
        .args(["-c", &format!("{script}\necho \"tool=$tool\"")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "tool=\n", "{out:?}");
}

#[tokio::test]
async fn a_damaged_manifest_is_told_apart_from_damaged_data() {
    for shell in shells() {
        let root = Root::new(&shell);
        root.backup("b");
        let (json, sums) = (root.path("b/manifest.json"), root.path("b/manifest.json.sha256"));
        let (text, line) = (fs::read_to_string(&json).unwrap(), fs::read_to_string(&sums).unwrap());
        // a checksum file that does not fit: the data are as the text says
        for wrong in
            [line.replace(&line[..1], if line.starts_with('a') { "b" } else { "a" }), String::new(), "junk\n".into()]
        {
            fs::write(&sums, wrong).unwrap();
            let looked = verified(&root, "b").await;
            assert!(matches!(looked.manifest, Manifested::Doubtful(..)) && !looked.sound(), "{looked:?}");
            assert_eq!(harms(&looked), Vec::<String>::new());
        }
        fs::write(&sums, &line).unwrap();
        // a text that is none: Cassandra's own digests still tell about the data
        for wrong in [&text[..text.len() / 2], ""] {
            fs::write(&json, wrong).unwrap();
            let looked = verified(&root, "b").await;
            assert!(matches!(looked.manifest, Manifested::Useless(_)) && !looked.sound(), "{looked:?}");
            assert_eq!((harms(&looked), looked.verified.digests), (vec![], 2));
        }
        fs::write(root.path("b/ks/t/nb-1-big-Data.db"), "dada").unwrap();
        fs::remove_file(&json).unwrap();
        let looked = verified(&root, "b").await;
        assert!(matches!(looked.manifest, Manifested::Useless(_)));
        assert_eq!(harms(&looked), ["ks/t/nb-1-big-Data.db digest"]);
    }
}

#[tokio::test]
async fn what_is_no_backup_is_unknown_and_it_is_said_what_is_there() {
    let root = Root::new(Path::new("/bin/sh"));
    fs::create_dir_all(root.path(".partial-half")).unwrap();
    fs::create_dir_all(root.path("theirs/kps_a")).unwrap();
    for (name, words) in
        [("none", "there is no backup none"), ("half", "never finished"), ("theirs", "no manifest.json")]
    {
        let error = root.catalogue().verify(&tag(name), &|_, _| {}).await.unwrap_err();
        assert!(matches!(error, CatalogueError::Unknown { .. }) && error.to_string().contains(words), "{error}");
    }
}

/// A copy as the written script leaves it.
fn copy(dir: &Path) {
    for table in ["kps_a", "kps_b"] {
        fs::create_dir_all(dir.join(table)).unwrap();
        for (part, text) in PARTS {
            fs::write(dir.join(table).join(format!("nb-1-big-{part}")), text).unwrap();
        }
        fs::write(dir.join(table).join("manifest.json"), r#"{"files":["nb-1-big-Data.db"]}"#).unwrap();
    }
}

#[tokio::test]
async fn the_written_layout_is_read_whichever_of_its_directories_is_named() {
    for shell in shells() {
        let root = Root::new(&shell);
        copy(&root.path("snap"));
        copy(&root.path("tool/inner"));
        let read = async |dir: &str| root.catalogue().written(root.path(dir).to_str().unwrap()).await.unwrap();
        let plain: Written = read("snap").await;
        assert_eq!(plain.wrong, None, "{}", shell.display());
        assert_eq!(plain.tables, ["kps_a", "kps_b"].map(String::from).into());
        assert_eq!(plain.files.len(), 10);
        assert_eq!(plain.tocs["kps_a/nb-1-big-TOC.txt"].len(), 4);
        assert_eq!(plain.listed["kps_b"], ["nb-1-big-Data.db".to_owned()].into());
        assert_eq!(plain.digests().len(), 2);
        let inner = read("tool").await;
        assert!(inner.dir.ends_with("tool/inner") && inner.files.len() == 10, "{inner:?}");
        // an empty directory is a table of which nothing is there
        fs::create_dir(root.path("snap/kps_c")).unwrap();
        symlink("/etc/passwd", root.path("snap/kps_a/nb-2-big-Data.db")).unwrap();
        let plain = read("snap").await;
        assert!(plain.tables.contains("kps_c") && plain.files["kps_a/nb-2-big-Data.db"].kind == "symbolic link");
        for (dir, words) in [("nowhere", "is not there"), ("tool2", "several snapshots")] {
            if dir == "tool2" {
                copy(&root.path("tool2/a"));
                copy(&root.path("tool2/b"));
            }
            assert!(read(dir).await.wrong.is_some_and(|why| why.contains(words)), "{dir}");
        }
        symlink("/etc", root.path("snap/kps_d")).unwrap();
        assert!(read("snap").await.wrong.is_some_and(|why| why.contains("symbolic link")));
    }
}
