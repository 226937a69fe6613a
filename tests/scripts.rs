//! The step scripts that touch files, run for real on made-up directory trees: no Cassandra, no
//! root, under every shell that is here.
//!
//! They refuse while a Cassandra runs on the machine; where one does (the lab's are visible from
//! outside), the whole binary runs itself again in a process namespace of its own, if it may.

#![expect(clippy::print_stdout, reason = "tests tell what they skip")]

#[path = "conformance/program.rs"]
mod program;

mod scripts {
    pub mod archive;
    pub mod back;
    pub mod catalogue;
    pub mod configured;
    pub mod corrupt;
    pub mod drain;
    pub mod facts;
    pub mod guards;
    pub mod looks;
    pub mod made;
    pub mod pretend;
    pub mod proofs;
    pub mod relay;
    pub mod repair;
    pub mod saved;
    pub mod stage;
    pub mod start;
    pub mod streams;
    pub mod swap;
    pub mod tree;
}

use scripts::tree::{Tree, shells};
use scripts::{
    archive, back, catalogue, configured, corrupt, drain, facts, guards, made, proofs, relay, repair, saved, stage,
    start, streams, swap,
};

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
    a_stage_is_a_copy_with_every_byte_checked => stage::stage_copies;
    a_stage_that_runs_again_holds_the_backup_and_nothing_else => stage::stage_again;
    a_stage_that_runs_again_copies_only_what_differs => relay::stage_reuses;
    a_stage_cut_after_any_command_is_whole_after_the_next_attempt => relay::stage_cut;
    whole_sstables_go_to_the_data_directory_with_the_most_room => relay::stage_spreads;
    where_the_filesystem_can_a_stage_shares_its_blocks_with_the_backup => relay::stage_shares;
    a_copy_that_must_be_slow_is_whole_all_the_same => relay::stage_slow;
    what_is_carried_arrives_byte_for_byte_and_becomes_the_stage_by_renames => relay::carried;
    what_is_cut_off_at_any_byte_is_gone_on_with_from_the_last_whole_file => relay::cut_off;
    whole_sstables_arrive_in_the_data_directory_with_the_most_room => relay::arrives_spread;
    an_sstable_that_fits_on_no_disk_is_refused_before_a_byte_of_it_is_written => relay::no_disk_is_filled;
    what_was_not_asked_for_is_not_taken => relay::only_what_was_asked_for;
    what_was_changed_after_it_arrived_is_said_and_no_longer_counts => relay::changed_since_it_arrived;
    what_arrives_damaged_gets_no_name => relay::damaged;
    a_list_that_was_cut_off_is_never_taken_for_a_whole_one => relay::list_cut;
    a_backup_that_is_not_what_its_manifest_says_is_refused => stage::stage_refuses;
    a_swap_renames_and_puts_back_what_belongs_to_others => swap::swap_renames;
    a_swap_is_taken_up_after_every_rename => swap::swap_taken_up;
    a_swap_refuses_a_state_that_no_attempt_leaves => swap::swap_refuses;
    what_is_set_aside_is_renamed_and_an_empty_directory_takes_its_place => swap::aside_renames;
    setting_aside_is_taken_up_after_every_rename => swap::aside_taken_up;
    a_keyspace_on_another_disk_is_not_begun_to_be_copied => swap::across_disks;
    a_table_that_a_dead_node_never_had_is_staged_swapped_and_set_aside_all_the_same => swap::fresh;
    a_repair_among_those_that_are_left_names_them_and_covers_all_ranges => repair::repair_arguments;
    a_repair_that_stands_still_is_ended_and_one_that_works_is_not => repair::repair_stalls;
    clearing_moves_every_entry_and_may_run_again => swap::clear_moves;
    the_guard_is_in_every_data_directory_until_it_is_cleared => guards::guards;
    guards_cut_short_after_any_command_are_set_and_cleared_by_the_next_attempt => guards::guards_cut;
    an_original_that_others_changed_is_not_put_back_over_their_work => guards::guard_conf_edited;
    a_backup_copies_snapshots_verifies_them_and_is_published_whole => made::backup_published;
    a_backup_of_which_a_byte_was_lost_is_not_published => made::backup_verified;
    publishing_is_taken_up_where_it_was => made::publish_taken_up;
    a_copy_keeps_to_its_rate_and_is_hashed_on_the_way => saved::rated;
    roles_are_encrypted_or_not_saved => saved::roles;
    every_one_of_these_scripts_refuses_while_cassandra_runs => swap::refuses_while_running;
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
    what_lies_elsewhere_in_truth_is_told_and_no_cache_is_put_where_a_start_looks => facts::detours;
    a_log_that_cassandra_does_not_write_is_found_out => facts::logs;
    after_every_cut_of_a_swap_a_rollback_leaves_exactly_the_old_tree => back::after_swap;
    after_every_cut_of_setting_aside_a_rollback_leaves_exactly_the_old_tree => back::after_aside;
    after_every_cut_of_clearing_a_rollback_brings_back_hints_and_an_undrained_commit_log => back::after_clear;
    what_came_after_the_restore_goes_to_the_rollbacks_own_quarantine => back::keeps_what_came_later;
    a_rollback_that_was_given_up_leaves_nothing_that_the_next_one_does_not_find => back::second_rollback;
    a_rollback_refuses_a_state_that_no_attempt_leaves => back::refuses;
    the_mode_is_read_from_the_log_where_it_tells_it => drain::mode;
    the_mode_after_a_start_is_read_from_the_log_where_it_tells_it_of_this_node => start::mode;
    a_node_that_cannot_be_drained_is_marked_and_is_no_obstacle => drain::quiet;
    the_rate_of_streams_is_lifted_and_set_again_as_it_was => streams::rate;
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
