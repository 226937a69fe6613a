//! The step scripts that touch files, run for real on made-up directory trees: no Cassandra, no
//! root, under every shell that is here.
//!
//! They refuse while a Cassandra runs on the machine; where one does (the lab's are visible from
//! outside), the whole binary runs itself again in a process namespace of its own, if it may.

#![expect(clippy::print_stdout, reason = "tests tell what they skip")]

mod scripts {
    pub mod archive;
    pub mod back;
    pub mod catalogue;
    pub mod configured;
    pub mod corrupt;
    pub mod facts;
    pub mod proofs;
    pub mod relay;
    pub mod saved;
    pub mod tree;
}

use std::fs;
use std::os::unix::fs::PermissionsExt;

use reseed::script::Script;
use scripts::tree::{KS, TABLE, Tree, shells};
use scripts::{archive, back, catalogue, configured, corrupt, facts, proofs, relay, saved};

/// The test under every shell.
macro_rules! under_every_shell {
    ($($(#[$doc:meta])* $name:ident => $body:expr;)*) => {$(
        $(#[$doc])*
        #[tokio::test]
        async fn $name() {
            for shell in shells() {
                let mut tree = Tree::new(shell);
                let test: fn(&mut Tree) -> std::pin::Pin<Box<dyn Future<Output = ()> + '_>> = |t| Box::pin($body(t));
                test(&mut tree).await;
            }
        }
    )*};
}

under_every_shell! {
    a_stage_is_a_copy_with_every_byte_checked => stage_copies;
    a_stage_that_runs_again_holds_the_backup_and_nothing_else => stage_again;
    a_stage_that_runs_again_copies_only_what_differs => relay::stage_reuses;
    a_stage_cut_after_any_command_is_whole_after_the_next_attempt => relay::stage_cut;
    whole_sstables_go_to_the_data_directory_with_the_most_room => relay::stage_spreads;
    a_copy_that_must_be_slow_is_whole_all_the_same => relay::stage_slow;
    what_is_carried_arrives_byte_for_byte_and_becomes_the_stage_by_renames => relay::carried;
    what_is_cut_off_at_any_byte_is_gone_on_with_from_the_last_whole_file => relay::cut_off;
    whole_sstables_arrive_in_the_data_directory_with_the_most_room => relay::arrives_spread;
    an_sstable_that_fits_on_no_disk_is_refused_before_a_byte_of_it_is_written => relay::no_disk_is_filled;
    what_was_not_asked_for_is_not_taken => relay::only_what_was_asked_for;
    what_was_changed_after_it_arrived_is_said_and_no_longer_counts => relay::changed_since_it_arrived;
    what_arrives_damaged_gets_no_name => relay::damaged;
    a_list_that_was_cut_off_is_never_taken_for_a_whole_one => relay::list_cut;
    a_backup_that_is_not_what_its_manifest_says_is_refused => stage_refuses;
    a_swap_renames_and_puts_back_what_belongs_to_others => swap_renames;
    a_swap_is_taken_up_after_every_rename => swap_taken_up;
    a_swap_refuses_a_state_that_no_attempt_leaves => swap_refuses;
    what_is_set_aside_is_renamed_and_an_empty_directory_takes_its_place => aside_renames;
    setting_aside_is_taken_up_after_every_rename => aside_taken_up;
    a_table_that_a_dead_node_never_had_is_staged_swapped_and_set_aside_all_the_same => fresh;
    a_repair_among_those_that_are_left_names_them_and_covers_all_ranges => repair_arguments;
    a_repair_that_stands_still_is_ended_and_one_that_works_is_not => repair_stalls;
    clearing_moves_every_entry_and_may_run_again => clear_moves;
    the_guard_is_in_every_data_directory_until_it_is_cleared => guards;
    guards_cut_short_after_any_command_are_set_and_cleared_by_the_next_attempt => guards_cut;
    an_original_that_others_changed_is_not_put_back_over_their_work => guard_conf_edited;
    a_backup_copies_snapshots_verifies_them_and_is_published_whole => backup_published;
    a_backup_of_which_a_byte_was_lost_is_not_published => backup_verified;
    publishing_is_taken_up_where_it_was => publish_taken_up;
    a_copy_keeps_to_its_rate_and_is_hashed_on_the_way => saved::rated;
    roles_are_encrypted_or_not_saved => saved::roles;
    every_one_of_these_scripts_refuses_while_cassandra_runs => refuses_while_running;
    what_was_restored_is_open_or_gone_and_the_log_since_the_start_tells_of_nothing_else => proofs::loaded;
    who_is_connected_is_read_from_the_kernels_tables => proofs::connected;
    a_comparison_is_a_preview_or_a_repair_whose_log_is_summed_up => proofs::compared;
    a_comparison_that_ended_without_a_result_is_never_taken_for_a_good_one => proofs::compared_for_good;
    an_index_on_a_part_of_a_collection_is_asked_for_that_part => proofs::index_parts;
    what_the_written_scripts_left_becomes_a_backup_and_theirs_is_not_touched => catalogue::imported;
    what_is_not_as_cassandra_wrote_it_is_not_imported => catalogue::import_refused;
    a_backup_that_is_removed_is_gone_and_no_other_one_is => catalogue::removed;
    a_removal_cut_after_any_command_leaves_no_half_backup_under_its_name => catalogue::remove_cut;
    what_is_not_the_backup_that_was_looked_at_is_not_removed => catalogue::remove_refused;
    what_is_archived_is_hashed_on_its_way_and_the_same_backup_makes_the_same_tar => archive::sent;
    an_archive_command_that_fails_or_does_not_read_all_archives_nothing => archive::not_sent;
    an_archive_comes_back_as_the_backup_that_it_was => archive::fetched;
    an_archive_that_holds_what_no_backup_holds_leaves_nothing_behind => archive::fetch_refused;
    a_tar_that_writes_outside_of_its_directory_never_sees_an_archive => archive::fetch_careless;
    publishing_what_was_fetched_is_taken_up_after_any_cut => archive::publish_cut;
    every_damage_of_every_component_of_a_real_backup_is_found_by_a_verification => corrupt::verified;
    what_somebody_wrote_between_two_attempts_is_kept_too => configured::again;
    no_half_file_of_configuration_is_left_and_none_goes_through_a_planted_link => configured::half;
    an_owner_is_the_right_one_by_name_and_by_number_only_where_the_name_is_unknown => configured::owners;
    a_node_that_serves_is_asked_in_one_jvm => facts::jvms;
    what_a_node_may_have_missed_is_told_by_its_logs_where_that_matters => facts::missed;
    what_lies_beside_live_data_is_told => facts::beside;
    where_the_yaml_names_no_directories_the_process_tells_or_what_starts_it => facts::storage;
    what_a_restart_would_find_is_told => facts::restart;
    after_every_cut_of_a_swap_a_rollback_leaves_exactly_the_old_tree => back::after_swap;
    after_every_cut_of_setting_aside_a_rollback_leaves_exactly_the_old_tree => back::after_aside;
    after_every_cut_of_clearing_a_rollback_brings_back_hints_and_an_undrained_commit_log => back::after_clear;
    what_came_after_the_restore_goes_to_the_rollbacks_own_quarantine => back::keeps_what_came_later;
    a_rollback_that_was_given_up_leaves_nothing_that_the_next_one_does_not_find => back::second_rollback;
    a_rollback_refuses_a_state_that_no_attempt_leaves => back::refuses;
    a_node_that_cannot_be_drained_is_marked_and_is_no_obstacle => back::quiet;
    jobs_of_the_earlier_run_are_ended_and_no_others => back::jobs;
    what_is_left_of_a_run_is_told_with_its_size_and_what_is_not_ours => back::left;
    a_discard_deletes_what_that_run_keeps_and_nothing_else => back::discard;
    a_discard_never_deletes_snapshots_of_others => back::discard_foreign;
    a_discard_that_was_cut_short_leaves_no_quarantine_that_looks_whole => back::discard_again;
}

/// Under one shell: it stages several hundred times.
#[tokio::test]
async fn every_damage_of_every_kind_of_component_is_found_by_the_stage() {
    for shell in shells().into_iter().take(1) {
        corrupt::staged(&mut Tree::new(shell)).await;
    }
}

/// Under one shell: every verification starts some Pythons.
#[tokio::test]
async fn every_damage_of_a_manifest_is_found_and_is_no_damage_of_the_data() {
    for shell in shells().into_iter().take(1) {
        corrupt::manifested(&mut Tree::new(shell)).await;
    }
}

async fn stage_copies(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    let staged = tree.stage_dir();
    assert_eq!(
        Tree::list(&staged),
        ["nb-9-big-Data.db", "nb-9-big-Index.db", ".idx_a/nb-9-big-Data.db"].map(String::from).into()
    );
    assert_eq!(fs::read(staged.join("nb-9-big-Data.db")).unwrap(), b"new data");
    let source = tree.root.join(format!("backup/good/{KS}/{TABLE}/nb-9-big-Data.db"));
    assert_ne!(
        Tree::inode(&staged.join("nb-9-big-Data.db")),
        Tree::inode(&source),
        "no inode is shared with the backup"
    );
    assert_eq!(Tree::mode(&staged), Tree::mode(&tree.live(0)), "mode of the live directory");
    assert_eq!(Tree::mode(&staged.join(".idx_a")), Tree::mode(&tree.live(0)));
    assert_eq!(Tree::mode(&staged.join("nb-9-big-Data.db")) & 0o111, 0, "files are not executable");
    let proof = tree.ok(&tree.stage_proof(3)).await;
    assert!(proof.contains("3 files"), "{proof}");
    tree.fails(&tree.stage_proof(4), "3 files are staged instead of 4").await;
    tree.live_is_untouched();
}

async fn stage_again(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    // half of a second one, and something strange in the first
    fs::write(tree.stage_dir().join("stale.db"), "x").unwrap();
    let partial = tree.stage_on(0).with_extension("partial");
    fs::create_dir_all(partial.join("junk")).unwrap();
    tree.ok(&tree.stage(&files)).await;
    assert_eq!(Tree::list(&tree.stage_dir()).len(), 3);
    assert!(!partial.exists());
}

async fn stage_refuses(tree: &mut Tree) {
    let files = tree.backup();
    let file = tree.root.join(format!("backup/good/{KS}/{TABLE}/nb-9-big-Data.db"));
    // one byte
    fs::write(&file, b"new dat!").unwrap();
    tree.fails(&tree.stage(&files), "differs from the manifest").await;
    assert!(!tree.stage_dir().exists(), "what is not right does not get the final name");
    // one file less
    fs::remove_file(&file).unwrap();
    tree.fails(&tree.stage(&files), "cannot copy").await;
    // more than the manifest names is not copied
    fs::write(&file, b"new data").unwrap();
    fs::write(file.with_file_name("nb-10-big-Data.db"), b"extra").unwrap();
    tree.ok(&tree.stage(&files)).await;
    assert_eq!(Tree::list(&tree.stage_dir()).len(), 3);
    tree.live_is_untouched();
}

async fn swap_renames(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    let (old, new) = (Tree::inode(&tree.live(0)), Tree::inode(&tree.stage_dir()));
    let data = Tree::inode(&tree.stage_dir().join("nb-9-big-Data.db"));
    let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
    for _ in 0..2 {
        tree.ok(&tree.table("table.swap.act")).await;
        assert_eq!(Tree::inode(&tree.live(0)), new, "renamed, not copied");
        assert_eq!(Tree::inode(&tree.aside(0)), old);
        tree.is_swapped(data, foreign);
        let proof = tree.ok(&tree.table("table.swap.proof").var("COUNT", 3)).await;
        assert!(proof.contains("3 files live"), "{proof}");
    }
    tree.fails(&tree.table("table.swap.proof").var("COUNT", 4), "3 live files instead of 4").await;
}

async fn swap_taken_up(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for cut in 0..5 {
        *tree = Tree::new(shell.clone());
        let files = tree.backup();
        tree.ok(&tree.stage(&files)).await;
        let data = Tree::inode(&tree.stage_dir().join("nb-9-big-Data.db"));
        let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
        let renames = [
            (tree.live(0), tree.aside(0)),
            (tree.stage_dir(), tree.live(0)),
            (tree.aside(0).join("snapshots"), tree.live(0).join("snapshots")),
            (tree.aside(0).join("backups"), tree.live(0).join("backups")),
            (tree.live(1), tree.aside(1)),
        ];
        for (from, to) in &renames[..=cut] {
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::rename(from, to).unwrap();
        }
        tree.ok(&tree.table("table.swap.act")).await;
        tree.is_swapped(data, foreign);
    }
}

async fn swap_refuses(tree: &mut Tree) {
    let files = tree.backup();
    // nothing is staged and nothing was swapped
    tree.fails(&tree.table("table.swap.act"), "neither swapped nor as it was").await;
    tree.live_is_untouched();
    // stage, live and quarantine are all there
    tree.ok(&tree.stage(&files)).await;
    fs::create_dir_all(tree.aside(0)).unwrap();
    tree.fails(&tree.table("table.swap.act"), "is in the way").await;
    tree.live_is_untouched();
    assert!(tree.stage_dir().exists());
    // live and quarantine are both gone
    fs::remove_dir(tree.aside(0)).unwrap();
    fs::rename(tree.live(0), tree.root.join("taken")).unwrap();
    tree.fails(&tree.table("table.swap.act"), "is not there").await;
    assert!(tree.stage_dir().exists());
}

async fn aside_renames(tree: &mut Tree) {
    let (old, mode) = (Tree::inode(&tree.live(0)), Tree::mode(&tree.live(0)));
    let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
    for _ in 0..2 {
        tree.ok(&tree.table("table.aside.act")).await;
        assert_eq!((Tree::inode(&tree.aside(0)), Tree::mode(&tree.live(0))), (old, mode));
        tree.is_aside(foreign);
        assert!(tree.ok(&tree.table("table.aside.proof")).await.contains("empty"));
    }
    fs::write(tree.live(1).join("nb-3-big-Data.db"), "x").unwrap();
    tree.fails(&tree.table("table.aside.proof"), "not empty").await;
}

async fn aside_taken_up(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for cut in 0..4_usize {
        *tree = Tree::new(shell.clone());
        let foreign = Tree::inode(&tree.live(0).join("snapshots/theirs/nb-1-big-Data.db"));
        fs::create_dir_all(tree.aside(0).parent().unwrap()).unwrap();
        fs::rename(tree.live(0), tree.aside(0)).unwrap();
        if cut > 0 {
            fs::create_dir(tree.live(0)).unwrap();
        }
        for name in ["snapshots", "backups"].iter().take(cut.saturating_sub(1)) {
            fs::rename(tree.aside(0).join(name), tree.live(0).join(name)).unwrap();
        }
        tree.ok(&tree.table("table.aside.act")).await;
        tree.is_aside(foreign);
    }
}

/// The table, or its whole keyspace, was created while the node was down.
async fn fresh(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for (keyspace_too, name) in [(true, "table.swap.act"), (false, "table.aside.act")] {
        for cut in [1, 3, 5, 100] {
            *tree = Tree::new(shell.clone());
            for n in 0..2 {
                let gone = if keyspace_too { tree.data(n).join(KS) } else { tree.live(n) };
                fs::remove_dir_all(gone).unwrap();
                fs::set_permissions(tree.data(n), fs::Permissions::from_mode(0o710)).unwrap();
            }
            let files = tree.backup();
            tree.ok(&tree.stage(&files)).await;
            let script = tree.table(name);
            if cut == 1 {
                tree.fails(&script, "is not there").await; // a node that is up must have it
            }
            let script = script.var("FRESH", "yes");
            assert_eq!(tree.cut(&script, cut).await, cut == 100, "{name}: {cut}");
            tree.ok(&script).await;
            let swapped = name == "table.swap.act";
            assert_eq!(Tree::list(&tree.live(0)).len(), if swapped { 3 } else { 0 }, "{name}");
            for n in 0..2 {
                assert!(Tree::list(&tree.aside(n)).is_empty(), "what was set aside is the empty table that was there");
                assert!(n == 0 && swapped || Tree::list(&tree.live(n)).is_empty());
                assert!(!keyspace_too || Tree::mode(&tree.live(n)) == 0o710, "as the directory above");
            }
        }
    }
}

async fn repair_arguments(tree: &mut Tree) {
    let job = tree.job();
    tree.tool("nodetool", "#!/bin/sh\necho \"$@\"\n");
    let script = |hosts: &[&str]| {
        let script = Script::new("repair.act").list("KEYSPACES", ["a", "b"]).list("HOSTS", hosts);
        let script = script.var("STALL_S", 600).var("RESEED_JOB", job.display());
        script.var("NODETOOL", "nodetool").var("NODETOOL_ARGS", "-p\n7199").var("RUN_AS", "")
    };
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
async fn repair_stalls(tree: &mut Tree) {
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
    let talk = format!("for i in 1 2 3 4; do echo $i >>{}; sleep 1; done; echo ended", out.display());
    tree.tool("nodetool", &nodetool(":", &talk));
    assert!(tree.ok(&script).await.contains("ended"));
    tree.tool("nodetool", &nodetool("echo Validation $(date +%N)", "sleep 5; echo ended"));
    assert!(tree.ok(&script).await.contains("ended"), "numbers of other lines do not count, these do");
}

async fn clear_moves(tree: &mut Tree) {
    for (dir, files) in [
        ("commitlog", vec!["CommitLog-7-1.log", ".hidden"]),
        ("hints", vec!["a.hints", "a.crc32"]),
        ("saved_caches", vec![]),
        ("system/paxos-b7", vec!["nb-1-big-Data.db"]),
        ("system/paxos_repair_history-1a", vec!["nb-1-big-Data.db"]),
    ] {
        for file in files {
            fs::write(tree.root.join("c").join(dir).join(file), dir).unwrap();
        }
    }
    let theirs = tree.root.join("c/system/paxos-b7/snapshots/theirs");
    fs::create_dir_all(&theirs).unwrap();
    tree.fails(&tree.clear("node.clear.proof"), "is not empty").await;
    let inode = Tree::inode(&tree.root.join("c/hints/a.hints"));
    tree.ok(&tree.clear("node.clear.act")).await;
    let quarantine = tree.root.join("c/.reseed/r1/quarantine");
    assert_eq!(Tree::inode(&quarantine.join("hints/a.hints")), inode);
    assert!(quarantine.join("commitlog/.hidden").exists());
    assert!(quarantine.join("data-0/system/paxos-b7/nb-1-big-Data.db").exists());
    assert!(theirs.exists() && tree.root.join("c/system/paxos_repair_history-1a/nb-1-big-Data.db").exists());
    tree.ok(&tree.clear("node.clear.proof")).await;
    // more came (a node that was started by mistake): it goes too; the same name is in the way
    fs::write(tree.root.join("c/commitlog/CommitLog-7-2.log"), "late").unwrap();
    tree.ok(&tree.clear("node.clear.act")).await;
    assert!(quarantine.join("commitlog/CommitLog-7-2.log").exists());
    fs::write(tree.root.join("c/hints/a.hints"), "other").unwrap();
    tree.fails(&tree.clear("node.clear.act"), "is in the way").await;
    assert_eq!(fs::read(quarantine.join("hints/a.hints")).unwrap(), b"hints");
}

async fn guards(tree: &mut Tree) {
    let file = |n: usize| tree.data(n).join("RESEED-RUN-IN-PROGRESS.db");
    tree.fails(&tree.guard("guard.set.proof"), "no RESEED-RUN-IN-PROGRESS.db").await;
    for _ in 0..2 {
        tree.ok(&tree.guard("guard.set.act")).await;
        tree.ok(&tree.guard("guard.set.proof")).await;
        assert!(fs::read_to_string(file(1)).unwrap().contains("run r1"));
        assert_eq!(Tree::mode(&file(0)), 0o644, "Cassandra's user can read it");
    }
    tree.fails(&tree.guard("guard.clear.proof"), "is still there").await;
    for _ in 0..2 {
        tree.ok(&tree.guard("guard.clear.act")).await;
        tree.ok(&tree.guard("guard.clear.proof")).await;
    }
    assert!(!file(0).exists() && !file(1).exists());
    tree.live_is_untouched();
}

/// After every command that changes something the host dies; what is there is set, or cleared, by
/// the next attempt, whatever the first one was.
async fn guards_cut(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for (first, then) in [("set", "set"), ("set", "clear"), ("clear", "clear")] {
        let mut cuts = 0;
        loop {
            *tree = Tree::new(shell.clone());
            let conf = tree.pretend_configured();
            let (inode, text) = (Tree::inode(&conf), fs::read(&conf).unwrap());
            if first == "clear" {
                tree.ok(&tree.guard("guard.set.act")).await;
            }
            let cut = tree.dies_at(cuts, &tree.guard(&format!("guard.{first}.act"))).await;
            tree.ok(&tree.guard(&format!("guard.{then}.act"))).await;
            tree.ok(&tree.guard(&format!("guard.{then}.proof"))).await;
            if then == "set" {
                assert_ne!(fs::read(&conf).unwrap(), text);
                assert_eq!(Tree::mode(&conf), 0o640, "as the original's");
                tree.ok(&tree.guard("guard.clear.act")).await;
            }
            assert!(fs::read(&conf).unwrap() == text && Tree::inode(&conf) == inode, "{first}, {then}: {cuts}");
            let beside = fs::read_dir(conf.parent().unwrap()).unwrap().count();
            assert_eq!(beside, 1, "nothing is left beside cassandra.yaml");
            if !cut {
                break;
            }
            cuts += 1;
        }
        // busybox may take its own commands instead of those that count
        assert!(cuts >= 6 || shell.ends_with("busybox"), "{first}: only {cuts} commands");
    }
}

async fn guard_conf_edited(tree: &mut Tree) {
    let conf = tree.pretend_configured();
    let kept = conf.with_file_name("cassandra.yaml.reseed-guard");
    tree.ok(&tree.guard("guard.set.act")).await;
    let guarded = fs::read_to_string(&conf).unwrap();
    assert!(guarded.ends_with("\nreseed_run_in_progress: r1\n"), "{guarded}");
    fs::write(&conf, format!("{guarded}num_tokens: 9\n")).unwrap();
    tree.fails(&tree.guard("guard.clear.act"), "was edited since the guard was set").await;
    fs::write(&conf, guarded.replace("Lab", "Lob")).unwrap();
    tree.fails(&tree.guard("guard.clear.act"), "was edited since the guard was set").await;
    // replaced by a tool that knows nothing of us: the guard is gone, and the proof says so
    fs::write(&conf, "cluster_name: Other\n").unwrap();
    tree.fails(&tree.guard("guard.set.proof"), "no reseed_run_in_progress").await;
    tree.fails(&tree.guard("guard.set.act"), "is another file and has no guard").await;
    tree.fails(&tree.guard("guard.clear.act"), "was edited since the guard was set").await;
    // as the message says
    fs::remove_file(&kept).unwrap();
    tree.ok(&tree.guard("guard.clear.act")).await;
    tree.ok(&tree.guard("guard.clear.proof")).await;
    assert_eq!(fs::read_to_string(&conf).unwrap(), "cluster_name: Other\n");
    // without the original the guard is not taken for cleared
    tree.ok(&tree.guard("guard.set.act")).await;
    fs::remove_file(&kept).unwrap();
    tree.fails(&tree.guard("guard.set.proof"), "its original is not kept").await;
    tree.fails(&tree.guard("guard.clear.act"), "its original").await;
}

async fn backup_published(tree: &mut Tree) {
    tree.snapshot();
    for _ in 0..2 {
        tree.ok(&tree.copy()).await;
    }
    tree.ok(&tree.backup_script("backup.verify.act")).await;
    tree.ok(&tree.publish()).await;
    let printed = tree.ok(&tree.backup_script("backup.publish.proof")).await;
    let (sum, json) = printed.split_once('\n').unwrap();
    let manifest = reseed::backup::manifest::Manifest::parse(json, sum).unwrap();
    let mut files: Vec<_> = manifest.files().map(|(_, _, f)| (f.path.clone(), f.size)).collect();
    files.sort();
    let expected =
        [(".idx_a/nb-1-big-Data.db", 9), ("manifest.json", 2), ("nb-1-big-Data.db", 8), ("nb-2-big-Data.db", 8)];
    assert_eq!(files, expected.map(|(p, s)| (p.to_owned(), s)), "files of both data directories");
    let table = &manifest.keyspaces[0].tables[0];
    assert_eq!(table.rows_estimate, 17);
    assert!(!tree.root.join("backup/.partial-new").exists() && !tree.root.join("backup/new/.work").exists());
    // a table whose snapshot is gone makes no whole backup
    fs::remove_dir_all(tree.live(0).join("snapshots/reseed-new")).unwrap();
    fs::remove_dir_all(tree.live(1).join("snapshots/reseed-new")).unwrap();
    fs::create_dir_all(tree.root.join("backup/.partial-new/.work")).unwrap();
    tree.fails(&tree.copy(), "has no snapshot").await;
}

async fn backup_verified(tree: &mut Tree) {
    tree.snapshot();
    tree.ok(&tree.copy()).await;
    let copied = tree.root.join(format!("backup/.partial-new/{KS}/{TABLE}/nb-1-big-Data.db"));
    fs::write(&copied, "old dat!").unwrap();
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    fs::remove_file(&copied).unwrap();
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    tree.ok(&tree.copy()).await;
    fs::write(copied.with_file_name("more.db"), "x").unwrap();
    tree.fails(&tree.backup_script("backup.verify.act"), "differs from the snapshot").await;
    // a link in a snapshot is nothing that a backup may hold
    std::os::unix::fs::symlink("/etc/passwd", tree.live(0).join("snapshots/reseed-new/nb-4-big-Data.db")).unwrap();
    tree.fails(&tree.copy(), "neither a file nor a directory").await;
}

async fn publish_taken_up(tree: &mut Tree) {
    let shell = tree.shell.clone();
    for cut in ["before the rename", "after the manifest", "after the rename"] {
        *tree = Tree::new(shell.clone());
        tree.snapshot();
        tree.ok(&tree.copy()).await;
        tree.ok(&tree.backup_script("backup.verify.act")).await;
        let (partial, done) = (tree.root.join("backup/.partial-new"), tree.root.join("backup/new"));
        if cut == "after the manifest" {
            fs::copy(partial.join(".work/taken_at"), partial.join("manifest.json")).unwrap();
        } else {
            tree.ok(&tree.publish()).await;
            if cut == "before the rename" {
                fs::rename(&done, &partial).unwrap();
            }
        }
        tree.ok(&tree.publish()).await;
        let printed = tree.ok(&tree.backup_script("backup.publish.proof")).await;
        let (sum, json) = printed.split_once('\n').unwrap();
        reseed::backup::manifest::Manifest::parse(json, sum).unwrap();
    }
    // but never over another backup
    fs::create_dir_all(tree.root.join("backup/.partial-new/.work")).unwrap();
    tree.fails(&tree.publish(), "exists already").await;
}

async fn refuses_while_running(tree: &mut Tree) {
    let files = tree.backup();
    tree.ok(&tree.stage(&files)).await;
    if tree.shell.ends_with("busybox") {
        return; // its shell may prefer its own grep to the one that is made up here
    }
    tree.pretend_cassandra();
    tree.tool("sleep", "#!/bin/sh\n"); // they wait for a while
    let acts = ["table.swap.act", "table.aside.act", "table.back.act"].map(|name| tree.table(name));
    let others = ["node.clear.act", "node.back.act"].map(|name| tree.clear(name));
    for script in acts.into_iter().chain(others) {
        tree.fails(&script, "Cassandra runs").await;
    }
    tree.live_is_untouched();
}
