//! Copies at a rate, giving way to others; roles that are never in clear.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Instant;

use reseed::script::Script;

use super::tree::{DIR, KS, TABLE, Tree};

/// Large files and small ones, hashed on the way; slower where a rate is set, niced, and no link.
pub async fn rated(tree: &mut Tree) {
    tree.snapshot();
    let snapshot = tree.live(0).join("snapshots/reseed-new");
    let large: Vec<u8> = (0..6_u32 << 20).map(|n| (n % 251) as u8).collect();
    fs::write(snapshot.join("nb-8-big-Data.db"), &large).unwrap();
    let began = Instant::now();
    let said = tree.ok(&tree.copy().var("RATE", 2 << 20)).await;
    // 6 MiB at 2 MiB a second; there is no upper bound on a busy machine
    assert!(began.elapsed().as_secs_f64() > 2.0, "{:?}", began.elapsed());
    assert!(said.contains("5 files, 6291483 bytes, sha256 by "), "{said}");
    let copied = tree.root.join(format!("backup/.partial-new/{KS}/{TABLE}"));
    assert_eq!(fs::read(copied.join("nb-8-big-Data.db")).unwrap(), large);
    for name in ["nb-8-big-Data.db", "nb-1-big-Data.db", ".idx_a/nb-1-big-Data.db"] {
        let inode = |dir: &std::path::Path| fs::metadata(dir.join(name)).unwrap().ino();
        assert_ne!(inode(&copied), inode(&snapshot), "{name} of {DIR} is a copy");
    }
    let read = tree.ok(&tree.backup_script("backup.verify.act")).await;
    assert!(read.contains("5 files, 6291483 bytes read back"), "{read}");
    // what is lost of a large file is found as well
    fs::write(copied.join("nb-8-big-Data.db"), &large[1..]).unwrap();
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    // a source that cannot be read ends it
    tree.tool("cp", "#!/bin/sh\nif [ \"$1\" = --help ]; then exit 0; fi\nexit 1\n");
    tree.fails(&tree.copy(), "cannot copy").await;
}

/// What the command lets through in clear is never written.
pub async fn roles(tree: &mut Tree) {
    let roles = tree.root.join("backup/.partial-new/roles.encrypted");
    fs::create_dir_all(roles.parent().unwrap()).unwrap();
    tree.tool("cqlsh", "#!/bin/sh\necho '{\"role\": \"ann\", \"salted_hash\": \"$2a$10$abc\"}'\n");
    let script = |command: &str| {
        Script::new("roles.save.act")
            .var("ROLES", roles.display())
            .var("ENCRYPT", command)
            .var("CQLSH", "cqlsh")
            .var("CQLSH_ARGS", "")
            .var("CQL_HOST", "10.0.0.1")
            .var("CQL_PORT", 9042)
            .var("CQL_USER", "")
    };
    let proof = || Script::new("roles.save.proof").var("ROLES", roles.display());
    tree.fails(&script("cat"), "does not encrypt").await;
    tree.fails(&script("true"), "gave nothing").await;
    for (command, words) in [("base64", "does not encrypt"), ("gzip", "only packs"), ("gzip -c | base64", "only packs")]
    {
        tree.fails(&script(command), words).await;
    }
    assert!(!roles.exists());
    for _ in 0..2 {
        assert_eq!(tree.ok(&script("tr a-z n-za-m")).await, "", "nothing of it is printed");
    }
    tree.ok(&proof()).await;
    assert!(fs::read_to_string(&roles).unwrap().contains("fnygrq_unfu"));
    tree.tool("cqlsh", "#!/bin/sh\necho 'Unauthorized: no SELECT on system_auth.roles' >&2\nexit 2\n");
    tree.fails(&script("tr a-z n-za-m"), "no SELECT on system_auth.roles").await;
    assert!(!roles.exists(), "half of it is not left");
    fs::write(&roles, "salted_hash").unwrap();
    tree.fails(&proof(), "is not encrypted").await;
}
