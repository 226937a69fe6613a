//! The stage, and what is carried to it: the scripts of `backup.relay` and `backup.stage` for real.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use reseed::script::Script;

use super::tree::{DIR, KS, TABLE, Tree};

/// A backup with bytes that a text would not hold, longer than the blocks in which they are read.
fn large(tree: &Tree) -> Vec<String> {
    let mut files = tree.backup();
    let dir = tree.root.join(format!("backup/good/{KS}/{TABLE}"));
    let mut seed = 7_u32;
    for (path, size) in [("nb-3-big-Data.db", 200_001), ("nb-3-big-Index.db", 0), (".idx_a/nb-3-big-Data.db", 65_536)] {
        let bytes: Vec<u8> = (0..size)
            .map(|_| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 24) as u8
            })
            .collect();
        fs::write(dir.join(path), &bytes).unwrap();
        files.push(Tree::line(path, &bytes));
    }
    files.sort_by(|a, b| a.split('\t').nth(3).cmp(&b.split('\t').nth(3)));
    files
}

fn from(tree: &Tree) -> Script {
    Script::new("backup.relay.from").var("SOURCE", tree.root.join("backup/good").join(KS).display())
}

fn to(tree: &Tree, name: &str) -> Script {
    tree.table(name).var("AT_ONCE", 2).var("RATE", 0)
}

/// Numbers of the files that are lacking.
async fn lacking(tree: &Tree, files: &[String]) -> Vec<usize> {
    let input = format!("list\n{}\nend\n", files.join("\n"));
    let (out, reply) = tree.stream(&to(tree, "backup.relay.to"), input.as_bytes()).await;
    assert_eq!(reply.rc, 0, "under {}: {}", tree.shell.display(), reply.stderr);
    String::from_utf8(out).unwrap().lines().map(|line| line.parse().unwrap()).collect()
}

/// What the source prints of these.
async fn given(tree: &Tree, files: &[String]) -> Vec<u8> {
    let (data, reply) = tree.stream(&from(tree), format!("{}\nend\n", files.join("\n")).as_bytes()).await;
    assert_eq!(reply.rc, 0, "under {}: {}", tree.shell.display(), reply.stderr);
    data
}

async fn take(tree: &Tree, data: &[u8]) -> (i32, String) {
    let (out, reply) = tree.stream(&to(tree, "backup.relay.to"), &[b"take\n", data].concat()).await;
    (reply.rc, String::from_utf8(out).unwrap() + &reply.stderr)
}

fn hide_source(tree: &Tree) {
    fs::rename(tree.root.join("backup"), tree.root.join("backup elsewhere")).unwrap();
}

/// The stage holds exactly the backup.
async fn is_staged(tree: &Tree, files: &[String]) {
    tree.ok(&tree.stage_proof(files.len())).await;
    let shelves = [tree.stage_on(0), tree.stage_on(1)];
    for line in files {
        let to = line.split('\t').nth(3).unwrap();
        let on: Vec<_> = shelves.iter().map(|shelf| shelf.join(to)).filter(|file| file.exists()).collect();
        assert_eq!(on.len(), 1, "{to}");
        let staged = fs::read(&on[0]).unwrap();
        assert_eq!(Tree::line(to.split_once('/').unwrap().1, &staged), *line, "under {}", tree.shell.display());
    }
    for shelf in shelves {
        let tables: BTreeSet<_> = fs::read_dir(&shelf).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(tables, [DIR.into()].into(), "a directory of the table on each, and nothing else");
        assert!(!shelf.with_extension("partial").exists());
    }
}

pub async fn carried(tree: &mut Tree) {
    let files = large(tree);
    assert_eq!(lacking(tree, &files).await, (1..=files.len()).collect::<Vec<_>>());
    let data = given(tree, &files).await;
    let (rc, said) = take(tree, &data).await;
    assert_eq!((rc, said.as_str()), (0, "6 files\n"), "under {}", tree.shell.display());
    assert!(lacking(tree, &files).await.is_empty());
    let proof = tree.ok(&to(tree, "backup.relay.proof").var("COUNT", 6)).await;
    assert!(proof.contains("6 files"), "{proof}");
    tree.fails(&to(tree, "backup.relay.proof").var("COUNT", 7), "6 files have arrived instead of 7").await;
    let (shelf, data) = arrived(tree, &format!("{DIR}/nb-3-big-Data.db"));
    let inode = Tree::inode(&data);
    hide_source(tree);
    let said = tree.ok(&tree.stage(&files).var("RELAYED", "yes")).await;
    assert!(said.starts_with("0 copied now"), "{said}");
    is_staged(tree, &files).await;
    let staged = tree.stage_on(shelf).join(DIR).join("nb-3-big-Data.db");
    assert_eq!(Tree::inode(&staged), inode, "renamed, not copied");
    assert_eq!(Tree::mode(&tree.stage_dir()), Tree::mode(&tree.live(0)));
    assert_eq!(Tree::mode(&tree.stage_dir().join(".idx_a")), Tree::mode(&tree.live(0)));
    tree.ok(&tree.table("table.swap.act")).await;
    tree.ok(&tree.table("table.swap.proof").var("COUNT", 6)).await;
}

pub async fn cut_off(tree: &mut Tree) {
    let shell = tree.shell.clone();
    let files = large(tree);
    let all = given(tree, &files).await;
    for cut in [0, 40, 150, 66_000, 200_000, all.len() - 5, all.len() - 1] {
        *tree = Tree::new(shell.clone());
        large(tree);
        lacking(tree, &files).await;
        let (rc, said) = take(tree, &all[..cut]).await;
        assert!(rc == 1 && said.contains("cut off"), "cut at {cut} of {}: {rc} {said}", all.len());
        // the half of a file has no name, and nobody takes it for a whole one
        let left = lacking(tree, &files).await;
        let whole = files.len() - left.len();
        let mut end = 0;
        for (n, line) in files.iter().enumerate() {
            let mut cells = line.split('\t');
            let (sha, size, _, to, sstable) = (
                cells.next().unwrap(),
                cells.next().unwrap(),
                cells.next().unwrap(),
                cells.next().unwrap(),
                cells.next().unwrap(),
            );
            end += format!("{sha}\t{size}\t{to}\t{sstable}\n").len() + size.parse::<usize>().unwrap();
            assert_eq!(end <= cut, n < whole, "cut at {cut}: file {n} ends at {end}");
        }
        // of the last cut only the end is missing
        assert_eq!(left.is_empty(), cut == all.len() - 1);
        if !left.is_empty() {
            tree.fails(&tree.stage(&files).var("RELAYED", "yes"), "has not arrived").await;
            let rest: Vec<String> = left.iter().map(|n| files[n - 1].clone()).collect();
            let (rc, said) = take(tree, &given(tree, &rest).await).await;
            assert_eq!((rc, said), (0, format!("{} files\n", rest.len())));
        }
        hide_source(tree);
        tree.ok(&tree.stage(&files).var("RELAYED", "yes")).await;
        is_staged(tree, &files).await;
    }
}

/// Says that the second data directory has more room, until it has this file.
fn room_on_the_second(tree: &Tree, until: &str) {
    let text = format!(
        "#!/bin/sh\nfor last; do :; done\necho head\ncase $last in *data-1*) [ -n \"$(find \"$last\" -name '{until}')\" ] || {{ \
         echo x 9 9 900000 9% /one; exit; }} ;; esac\necho x 9 9 800000 9% /\n"
    );
    tree.tool("df", &text);
}

fn sstables_are_together(tree: &Tree, files: &[String]) {
    for line in files {
        let cells: Vec<&str> = line.split('\t').collect();
        let shelf = |to: &str| (0..2).find(|n| tree.stage_on(*n).join(to).exists());
        let of_its_data = shelf(&format!("{}Data.db", cells[4]));
        assert!(shelf(cells[3]) == of_its_data && of_its_data.is_some(), "{line}");
    }
}

pub async fn arrives_spread(tree: &mut Tree) {
    if !tree.takes_our_tools() {
        return;
    }
    let files = large(tree);
    room_on_the_second(tree, "nb-3-big-Data.db");
    lacking(tree, &files).await;
    let data = given(tree, &files).await;
    // the components of an sstable stay together also when they come in two attempts
    let cut = data.windows(18).rposition(|w| w == b"nb-3-big-Index.db\t").unwrap() - 60;
    assert_eq!(take(tree, &data[..cut]).await.0, 1);
    let left = lacking(tree, &files).await;
    let rest: Vec<String> = left.iter().map(|n| files[n - 1].clone()).collect();
    assert_eq!(take(tree, &given(tree, &rest).await).await.0, 0);
    tree.ok(&tree.stage(&files).var("RELAYED", "yes")).await;
    is_staged(tree, &files).await;
    sstables_are_together(tree, &files);
    let on = [0, 1].map(|n| Tree::list(&tree.stage_on(n)).len());
    assert!(on[0] > 0 && on[1] > 0, "{on:?}");
    tree.ok(&tree.table("table.swap.act")).await;
    tree.ok(&tree.table("table.swap.proof").var("COUNT", 6)).await;
}

pub async fn stage_spreads(tree: &mut Tree) {
    if !tree.takes_our_tools() {
        return;
    }
    let files = large(tree);
    let text = "#!/bin/sh\nfor last; do :; done\necho head\ncase $last in *data-1*) echo x 9 9 65836 9% /one ;; *) echo x 9 9 65826 9% / ;; esac\n";
    tree.tool("df", text);
    tree.ok(&tree.stage(&files)).await;
    is_staged(tree, &files).await;
    sstables_are_together(tree, &files);
    let on = [0, 1].map(|n| Tree::list(&tree.stage_on(n)).len());
    assert!(on[0] > 0 && on[1] > 0, "{on:?}");
    assert_eq!(Tree::mode(&tree.stage_on(1).join(DIR)), Tree::mode(&tree.live(1)));
    tree.ok(&tree.table("table.swap.act")).await;
    tree.ok(&tree.table("table.swap.proof").var("COUNT", 6)).await;
    for (n, staged) in on.into_iter().enumerate() {
        let live = Tree::list(&tree.live(n)).into_iter().filter(|file| !file.starts_with("snapshots/")).count();
        assert_eq!(live, staged, "what was staged there is live there");
    }
}

/// Says that each data directory is a disk of its own with so many KiB free; `None`: that it cannot tell.
fn disks(tree: &Tree, free: Option<[u64; 2]>) {
    let text = match free {
        Some([first, second]) => format!(
            "#!/bin/sh\nfor last; do :; done\necho head\n\
             case $last in *data-1*) echo x 9 9 {second} 9% /one ;; *) echo x 9 9 {first} 9% / ;; esac\n"
        ),
        None => "#!/bin/sh\nexit 1\n".to_owned(),
    };
    tree.tool("df", &text);
}

pub async fn no_disk_is_filled(tree: &mut Tree) {
    if !tree.takes_our_tools() {
        return;
    }
    let files = large(tree);
    let nothing_new = |tree: &Tree| {
        for n in 0..2 {
            let left = Tree::list(&tree.stage_on(n).with_extension("partial"));
            assert!(!left.iter().any(|file| file.contains("nb-3-big") && !file.contains(".idx")), "{left:?}");
        }
        tree.live_is_untouched();
    };
    // where blocks can be shared the stage takes no room, and is not what this is about
    tree.tool("cp", "#!/bin/sh\ncase \" $* \" in *' --reflink=always '*) exit 1 ;; esac\nexec /bin/cp \"$@\"\n");
    // together they have room for it all, but an sstable of 196 KiB fits on neither
    disks(tree, Some([65_536 + 150, 65_536 + 160]));
    tree.fails(&tree.stage(&files), "has the most room of all data directories for").await;
    nothing_new(tree);
    lacking(tree, &files).await;
    let data = given(tree, &files).await;
    let (rc, said) = take(tree, &data).await;
    assert!(rc == 1 && said.contains("an sstable is not divided"), "{rc} {said}");
    nothing_new(tree);
    disks(tree, None);
    tree.fails(&tree.stage(&files), "cannot tell how much room").await;
    let (rc, said) = take(tree, &data).await;
    assert!(rc == 1 && said.contains("cannot tell how much room"), "{rc} {said}");
    nothing_new(tree);
    disks(tree, Some([65_536 + 250, 65_536 + 160]));
    lacking(tree, &files).await;
    assert_eq!(take(tree, &data).await.0, 0);
    tree.ok(&tree.stage(&files).var("RELAYED", "yes")).await;
    is_staged(tree, &files).await;
}

pub async fn only_what_was_asked_for(tree: &mut Tree) {
    let files = large(tree);
    let all = given(tree, &files).await;
    let (rc, said) = take(tree, &all).await;
    assert!(rc == 1 && said.contains("nothing was asked for"), "{rc} {said}");
    lacking(tree, &files).await;
    let sha = "0".repeat(64);
    for head in [
        format!("{sha}\t1\t../../../../outside\t../../../../out"),
        format!("{sha}\t1\t/outside\t/out"),
        format!("{sha}\ta[$(id)]\t{DIR}/nb-9-big-Data.db\t{DIR}/nb-9-big-"),
        "Welcome!".to_owned(),
    ] {
        let (rc, said) = take(tree, format!("{head}\nxend\n").as_bytes()).await;
        assert!(rc == 1 && said.contains("not what was asked for"), "{head:?}: {rc} {said}");
    }
    // the same twice is not what was asked for either
    let one = given(tree, &files[..1]).await;
    let twice = [&one[..one.len() - 4], &one].concat();
    let (rc, said) = take(tree, &twice).await;
    assert!(rc == 1 && said.contains("not what was asked for"), "{rc} {said}");
    assert_eq!(lacking(tree, &files).await.len(), files.len() - 1);
}

/// Where a file has arrived: in the data directory that had the most room at that moment, on one disk now this, now that.
fn arrived(tree: &Tree, path: &str) -> (usize, PathBuf) {
    let at = |n: usize| (n, tree.stage_on(n).with_extension("partial").join(path));
    (0..2).map(at).find(|(_, file)| file.exists()).expect("it has arrived")
}

pub async fn changed_since_it_arrived(tree: &mut Tree) {
    let files = large(tree);
    lacking(tree, &files).await;
    let data = given(tree, &files).await;
    assert_eq!(take(tree, &data).await.0, 0);
    fs::remove_file(arrived(tree, &format!("{DIR}/nb-9-big-Data.db")).1).unwrap();
    tree.fails(&tree.stage(&files).var("RELAYED", "yes"), "run: reseed abandon r1, then restore again").await;
    // nothing says any more that all had arrived
    tree.fails(&to(tree, "backup.relay.probe"), "not all of ks_a has arrived").await;
}

pub async fn stage_slow(tree: &mut Tree) {
    let files = large(tree);
    tree.ok(&tree.stage(&files).var("RATE", 150_000).var("AT_ONCE", 3)).await;
    is_staged(tree, &files).await;
}

/// The blocks are the backup's own, the file is not: what is written to one of them is not in the other.
pub async fn stage_shares(tree: &mut Tree) {
    let mut files = large(tree);
    let dir = tree.root.join(format!("backup/good/{KS}/{TABLE}"));
    let bytes = vec![0x5e; 5 << 20];
    fs::write(dir.join("nb-4-big-Data.db"), &bytes).unwrap();
    let mut probe = Command::new("cp");
    probe.args(["--reflink=always", "--"]).args([dir.join("nb-4-big-Data.db"), dir.join("probe")]);
    if tree.shell.ends_with("busybox") || !probe.output().is_ok_and(|said| said.status.success()) {
        println!("skipped under {}: no blocks can be shared here (RESEED_SCRATCH)", tree.shell.display());
        return;
    }
    fs::remove_file(dir.join("probe")).unwrap();
    files.push(Tree::line("nb-4-big-Data.db", &bytes));
    tree.ok(&tree.stage(&files)).await;
    is_staged(tree, &files).await;
    for name in ["nb-3-big-Data.db", "nb-4-big-Data.db"] {
        let staged =
            [0, 1].map(|n| tree.stage_on(n).join(DIR).join(name)).into_iter().find(|file| file.exists()).unwrap();
        let map = Command::new("filefrag").arg("-v").arg(&staged).output().unwrap();
        let map = String::from_utf8(map.stdout).unwrap();
        assert!(
            map.lines().filter(|line| line.contains("..")).all(|extent| extent.contains("shared")),
            "{name}: {map}"
        );
        fs::write(dir.join(name), "spoiled").unwrap();
        assert_ne!(fs::read(&staged).unwrap(), b"spoiled");
    }
    tree.ok(&tree.stage_proof(files.len())).await;
}

pub async fn damaged(tree: &mut Tree) {
    let files = large(tree);
    lacking(tree, &files).await;
    let mut data = given(tree, &files).await;
    let at = data.len() - 6;
    data[at] ^= 1;
    let (rc, said) = take(tree, &data).await;
    assert!(rc == 1 && said.contains("differs from the manifest"), "{rc} {said}");
    assert_eq!(lacking(tree, &files).await, [6], "what came before it stays");
    // what was changed after it came is found out: nothing says that all had arrived
    let first = files[0].split('\t').nth(3).unwrap();
    let file = arrived(tree, first).1;
    let zeros = vec![0; fs::read(&file).unwrap().len()];
    fs::write(&file, zeros).unwrap();
    assert_eq!(lacking(tree, &files).await, [1, 6]);
    // a source that is not what the manifest says gives nothing of it
    fs::write(tree.root.join(format!("backup/good/{KS}/{}", files[0].split('\t').nth(2).unwrap())), "x").unwrap();
    let (data, reply) = tree.stream(&from(tree), format!("{}\nend\n", files.join("\n")).as_bytes()).await;
    assert!(reply.rc == 1 && reply.stderr.contains("not what the manifest says"), "{}", reply.stderr);
    assert!(data.is_empty());
}

pub async fn list_cut(tree: &mut Tree) {
    let files = large(tree);
    let list = format!("{}\n", files.join("\n"));
    let (_, reply) = tree.stream(&from(tree), list.as_bytes()).await;
    assert!(reply.rc == 1 && reply.stderr.contains("cut off"), "{}", reply.stderr);
    for input in [format!("list\n{list}"), "list\n".to_owned(), String::new()] {
        let (_, reply) = tree.stream(&to(tree, "backup.relay.to"), input.as_bytes()).await;
        assert!(reply.rc == 1 && reply.stderr.contains("cut off"), "{input}: {}", reply.stderr);
    }
    tree.fails(&to(tree, "backup.relay.proof").var("COUNT", 0), "not all of ks_a has arrived").await;
}

pub async fn stage_reuses(tree: &mut Tree) {
    let files = large(tree);
    let said = tree.ok(&tree.stage(&files)).await;
    assert!(said.starts_with("6 copied now, hashed with "), "{said}");
    let kept = Tree::inode(&tree.stage_dir().join("nb-3-big-Data.db"));
    let changed = tree.stage_dir().join("nb-9-big-Data.db");
    fs::write(&changed, "new dat!").unwrap();
    fs::remove_file(tree.stage_dir().join(".idx_a/nb-9-big-Data.db")).unwrap();
    let said = tree.ok(&tree.stage(&files)).await;
    assert!(said.starts_with("2 copied now"), "{said}");
    assert_eq!(Tree::inode(&tree.stage_dir().join("nb-3-big-Data.db")), kept, "it stayed where it was");
    is_staged(tree, &files).await;
}

pub async fn stage_cut(tree: &mut Tree) {
    let shell = tree.shell.clone();
    let mut at = 0;
    loop {
        *tree = Tree::new(shell.clone());
        let files = large(tree);
        tree.pretend_configured();
        let cut = tree.dies_at(at, &tree.stage(&files)).await;
        tree.live_is_untouched();
        tree.ok(&tree.stage(&files)).await;
        is_staged(tree, &files).await;
        if !cut {
            break;
        }
        at += 11;
    }
    assert!(at > 15 || shell.ends_with("busybox"), "it was cut {at} times only");
}
