//! The cluster tier: the shipped `reseed` on real Cassandra clusters. Run as root:
//! `cargo test --test cluster [-- [--keep] [PART OF A NAME]…]`.
//!
//! A restore takes its whole cluster down, so the tests share one lab and run one after the other,
//! in the order of [`TESTS`]: refusals on the intact cluster, then one damage, one restore and many
//! looks at what it left, then the same restore again. What several tests rest on is a
//! [`world::Stage`], made when it is first needed: each test can be run alone.
//!
//! Labs are taken down at the end, also after a failure or Ctrl-C; `--keep` leaves the last to
//! be looked at. State directories and events stay in `target/tmp/cluster`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a test runner prints")]

mod backup;
mod catalogue;
mod checks;
mod dataset;
mod disaster;
mod disks;
mod events;
mod guarded;
mod hosts;
mod killed;
mod live;
mod many;
mod order;
mod picture;
mod refusals;
mod repeat;
mod restored;
mod rollback;
mod scene;
mod site;
mod until;
mod upgrades;
mod versions;
mod world;

use std::any::Any;
use std::io::{Write, stdout};
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::Instant;

use world::World;

type Test = (&'static str, fn(&World));

/// Lists the tests of a module under its name.
macro_rules! tests {
    ($($module:ident: $($name:ident)+;)+) => {
        &[$($((concat!(stringify!($module), "::", stringify!($name)), $module::$name),)+)+]
    };
}

/// Every test, in the order in which they run.
const TESTS: &[Test] = tests! {
    backup:
        a_backup_is_published_whole
        it_clears_its_own_snapshot_and_no_other
        an_existing_tag_is_never_replaced
        it_works_through_sudo
        check_passes;
    refusals:
        a_dry_run_prints_the_plan
        confirm_is_missing
        confirm_is_wrong
        the_cluster_has_another_name
        an_unknown_key_in_the_inventory
        an_unknown_host_key
        a_host_that_nobody_has
        a_missing_backup
        a_replication_factor_below_the_nodes;
    checks:
        a_healthy_cluster_gives_no_false_alarm
        a_dropped_column_is_refused
        a_column_dropped_and_added_again_is_refused
        a_table_directory_of_roots_is_refused
        a_directory_without_an_id_is_refused
        an_edited_configuration_is_told_and_a_left_over_option_refused
        a_table_created_later_needs_a_word
        a_check_starts_at_most_two_jvms_on_a_node
        a_backup_without_its_data_or_its_statistics_is_refused
        sstables_of_a_newer_cassandra_are_refused;
    restored:
        it_ends_well_and_a_second_run_meanwhile_is_refused
        every_node_alone_holds_the_backups_rows
        legacy_and_sai_indexes_answer_on_every_node
        names_and_texts_with_quotes_are_what_they_were
        counters_collections_and_types_are_what_they_were
        rows_with_a_ttl_still_expire
        empty_tables_are_empty_again
        deletes_are_undone_also_those_from_the_future
        writes_after_the_backup_are_gone
        hints_were_there_and_were_set_aside
        other_keyspaces_lost_nothing_with_the_hints
        what_was_replaced_is_in_quarantine_by_rename
        a_stale_transaction_log_was_set_aside
        foreign_snapshots_are_still_there
        directories_of_dropped_tables_were_not_touched
        no_guard_or_stage_is_left_behind
        the_seed_streamed_without_a_limit_and_has_its_own_again
        the_gateway_was_silent_between_its_stop_and_start
        the_gateway_serves_and_its_new_rows_are_there;
    events:
        they_keep_the_contract
        the_last_one_has_all_fields
        phases_come_in_the_contracts_order
        the_journal_holds_the_same
        a_second_run_leaves_no_trace_of_itself;
    order:
        nothing_changes_before_the_backup_is_staged
        clients_stop_first_and_start_last
        the_seed_drains_last_and_starts_first
        a_guard_stands_from_drain_to_start
        nothing_is_cleared_before_every_node_is_stopped
        the_seed_is_filled_before_the_others_are_emptied
        nodes_start_one_at_a_time
        nothing_is_repaired_before_every_node_is_ready
        everything_is_proven_before_clients_start;
    repeat:
        a_finished_run_resumes_to_nothing
        its_report_is_there;
    catalogue:
        a_flipped_byte_is_found_and_named
        keyspaces_are_told_with_what_a_backup_takes
        a_backup_of_the_written_script_is_imported_and_restored
        a_prune_spares_what_a_restore_came_from
        the_written_restore_script_restores_our_backup;
    disks:
        two_data_directories_on_every_node;
    versions:
        cassandra_2_2_where_hints_are_a_table_and_sh_is_busybox;
    guarded:
        systemd_neither_restarts_nor_starts_a_guarded_node
        a_node_that_boots_meanwhile_stays_down
        a_power_cut_during_the_swap_leaves_old_or_new_tables
        a_power_cut_after_the_swap_takes_nothing_back
        the_run_goes_on_after_all_of_it_and_ends_well
        a_whole_restore_under_systemd_ends_well
        where_data_is_behind_links_the_configuration_refuses_the_start
        a_data_directory_on_its_own_mount_is_guarded_by_the_file
        linked_and_mounted_data_is_restored_and_the_configuration_is_as_before;
    rollback:
        a_restore_that_changed_nothing_has_nothing_to_undo
        killed_between_quarantine_and_swap_the_old_data_comes_back
        hints_of_before_were_delivered_after_it
        clients_that_were_served_since_are_not_robbed_unasked
        a_restore_that_was_done_is_undone_on_every_node
        the_gateway_serves_and_lost_nothing_of_other_keyspaces
        a_discard_says_what_goes_and_frees_it
        foreign_snapshots_survive_restore_rollback_and_discard
        fewer_replicas_than_nodes_in_one_data_center_are_refused;
    killed:
        nodes_that_differ_after_the_repair_end_with_7_and_nobody_is_served;
    disaster:
        a_node_that_dies_again_and_again_is_refused_with_why
        it_is_restored_with_the_others_when_that_is_accepted
        what_hints_and_its_commit_log_held_of_others_is_everywhere;
};

/// Those that only the campaign has time for (`RESEED_CAMPAIGN=1`). Some go on with the lab of the last of
/// those above: `make campaign` names what belongs together.
const CAMPAIGN: &[Test] = tests! {
    catalogue:
        a_view_that_a_written_backup_lacks_is_refused_and_its_cure_works;
    disaster:
        with_every_node_down_the_backups_rows_are_on_every_node
        a_dropped_table_and_keyspace_are_refused_without_the_flag
        they_are_created_as_they_were_and_filled
        a_machine_that_is_gone_is_left_out
        without_it_the_others_hold_the_backups_rows;
    many:
        a_keyspace_of_150_tables_is_restored_row_by_row;
    versions:
        cassandra_3_11_in_odd_places_started_by_a_bare_command
        cassandra_4_0_under_systemd
        cassandra_4_1_in_two_data_centers_through_sudo
        cassandra_5_0_with_a_client_beside_a_node;
    upgrades:
        a_backup_of_2_2_is_restored_on_3_11
        on_4_1_a_backup_of_2_2_is_refused_and_one_of_3_11_is_restored
        a_backup_of_3_11_is_restored_on_5_0;
    repeat:
        the_same_restore_again_changes_no_row;
    live:
        every_write_acknowledged_before_the_snapshot_is_restored_on_every_node;
    killed:
        mid_drain_it_goes_back
        mid_start_it_goes_on
        mid_drain_it_goes_on
        between_quarantine_and_swap_it_goes_on
        mid_swap_it_goes_on
        mid_swap_it_goes_back
        mid_start_it_goes_back
        mid_repair_it_goes_on
        mid_repair_it_goes_back;
};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let campaign: &[Test] = if std::env::var_os("RESEED_CAMPAIGN").is_some() { CAMPAIGN } else { &[] };
    let tests: Vec<&Test> = TESTS.iter().chain(campaign).filter(|(name, _)| chosen(name)).collect();
    if args.iter().any(|arg| arg == "--list") {
        for (name, _) in tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("the cluster tier makes network namespaces and mounts: run it as root");
        return ExitCode::FAILURE;
    }
    lab::interrupt::install().expect("nobody else handles signals");
    // where and why, but no backtrace; a test that is skipped says so itself
    panic::set_hook(Box::new(|info| {
        if !info.payload().is::<world::Missing>() {
            eprintln!("\n{info}");
        }
    }));
    let began = Instant::now();
    let ended = catch_unwind(|| {
        let world = World::new();
        tests.iter().map(|test| run(&world, test)).collect::<Vec<_>>()
    });
    let mut clean = true;
    if !args.iter().any(|arg| arg == "--keep") {
        for name in world::booted() {
            if let Err(error) = lab::down(&name) {
                eprintln!("{error}");
                clean = false;
            }
        }
    }
    let Ok(ended) = ended else { return ExitCode::FAILURE };
    let failed: Vec<&str> = ended.iter().filter(|(_, end)| *end == End::Failed).map(|(name, _)| *name).collect();
    let count = |wanted: End| ended.iter().filter(|(_, end)| *end == wanted).count();
    for name in &failed {
        println!("failed: {name}");
    }
    println!("in {:.0} s", began.elapsed().as_secs_f64());
    println!("{} passed, {} failed, {} skipped", count(End::Passed), failed.len(), count(End::Skipped));
    if failed.is_empty() && count(End::Skipped) == 0 && clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Passed,
    Failed,
    Skipped,
}

/// Runs one test; after an interruption, or without what it rests on, it is skipped.
fn run(world: &World, (name, test): &Test) -> (&'static str, End) {
    print!("test {name} ... ");
    drop(stdout().flush());
    let began = Instant::now();
    let ended = if lab::interrupt::seen() { Err(world::missing("interrupted")) } else { caught(|| test(world)) };
    let (said, end) = match ended {
        Ok(()) => ("ok".to_owned(), End::Passed),
        Err(why) => match why.downcast_ref::<world::Missing>() {
            Some(missing) => (format!("skipped: {}", missing.0), End::Skipped),
            None => ("FAILED".to_owned(), End::Failed),
        },
    };
    println!("{said} ({:.1} s)", began.elapsed().as_secs_f64());
    (name, end)
}

/// Runs something that may panic.
fn caught<T>(what: impl FnOnce() -> T) -> Result<T, Box<dyn Any + Send>> {
    catch_unwind(AssertUnwindSafe(what))
}
