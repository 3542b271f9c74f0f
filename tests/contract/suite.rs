//! What every backend must do.

pub(crate) mod accounts;
pub(crate) mod chain;
pub(crate) mod decisions;
pub(crate) mod device_log;
pub(crate) mod devices;
pub(crate) mod editions;
pub(crate) mod feed;
pub(crate) mod hostile;
pub(crate) mod lease;
pub(crate) mod merging;
pub(crate) mod review;
pub(crate) mod rights;
pub(crate) mod understated;
pub(crate) mod verdicts;

/// Runs every test of the suite against a backend.
macro_rules! run_against {
    ($module:ident, $backend:ty) => {
        mod $module {
            use super::*;

            $crate::suite::tests!($backend;
                verdicts::a_command_gets_one_verdict_with_the_position_of_its_last_event,
                verdicts::a_duplicate_is_acknowledged_with_its_first_outcome_and_a_receipt,
                verdicts::a_known_id_with_other_content_is_an_alarm_and_both_are_kept,
                verdicts::a_broken_rule_quarantines_the_whole_command_and_keeps_the_chain,
                verdicts::a_part_of_a_command_is_not_a_command,
                verdicts::work_without_a_fitting_grant_is_held_apart,
                verdicts::work_after_a_grant_ran_out_is_released_when_the_person_signs_in_again,
                verdicts::work_that_arrives_after_the_person_signed_in_again_is_taken,
                verdicts::nobody_vouches_for_an_invented_grant,
                verdicts::a_later_sign_in_of_somebody_else_or_in_another_role_releases_nothing,
                verdicts::work_under_a_revoked_grant_goes_to_review,
                verdicts::a_role_cannot_push_what_it_may_not_do,
                verdicts::a_kind_of_a_later_program_is_held_and_waits,
                verdicts::concurrent_human_values_are_a_conflict_and_nothing_is_lost,
                verdicts::honest_work_on_an_older_state_is_accepted,
                verdicts::a_child_waits_for_its_parent_and_is_released_by_it,
                verdicts::a_child_of_a_quarantined_parent_waits,
                verdicts::one_bad_command_does_not_hold_up_its_neighbours,
                verdicts::a_command_that_leaves_out_its_own_devices_work_is_held_apart,
                understated::who_names_a_later_event_held_what_came_before_it_in_every_case,
                understated::what_was_recorded_before_anything_later_was_read_is_honest,
                understated::work_of_a_computer_that_forked_tells_nothing_of_how_far_another_had_read,
                understated::an_event_that_does_not_build_on_the_one_before_it_in_its_command_is_held_apart,
                decisions::a_decision_the_law_does_not_allow_is_held_apart_with_its_reason,
                decisions::a_decision_that_holds_is_accepted,
                merging::a_merge_ends_one_case_is_served_and_can_be_undone,
                merging::a_merge_that_cannot_be_is_held_apart_with_its_reason,
                merging::a_counter_may_not_merge,
                merging::two_merges_that_cross_are_both_taken_and_neither_case_is_gone,
                merging::a_case_that_is_over_takes_in_no_other,
                merging::a_case_that_is_over_or_goes_on_elsewhere_takes_no_decision,
                review::held_work_waits_with_its_reason_its_case_and_its_sender,
                review::what_a_citizen_was_given_a_paper_of_waits_in_front_of_all_that_is_older,
                review::released_work_is_judged_again_gets_positions_and_is_served,
                review::a_release_of_what_breaks_a_rule_lets_nothing_in,
                review::what_the_authors_role_forbids_is_not_let_in_by_a_lead,
                review::returned_work_goes_back_with_its_reason_and_all_that_builds_on_it,
                review::work_its_author_vouched_for_waits_for_nobody,
                rights::each_role_pushes_onto_whose_cases_the_table_says,
                rights::outreach_goes_on_with_what_it_opened_whatever_others_did_since,
                rights::nobody_makes_a_case_theirs_by_opening_it_anew,
                rights::outreach_work_that_waited_for_a_sign_in_is_its_own_all_the_same,
                rights::outreach_work_that_another_computer_offers_again_is_its_own_all_the_same,
                rights::work_that_waited_is_judged_and_told_of_at_the_computer_that_made_it,
                rights::what_waited_comes_into_no_case_its_computer_was_not_given,
                rights::forged_work_that_waited_for_a_sign_in_raises_its_alarm_then,
                rights::who_offers_a_forgery_again_raises_the_alarm,
                chain::a_gap_is_not_stored_and_is_asked_for_again,
                chain::a_fork_is_an_alarm_and_both_branches_are_kept,
                chain::each_command_of_a_branch_is_held_and_can_be_let_in,
                chain::a_branch_can_be_sent_back_to_its_sender,
                chain::of_two_contents_under_one_id_none_is_let_in_by_a_person,
                chain::an_event_of_another_device_tenant_or_key_is_refused_and_kept_apart,
                chain::the_confirmation_covers_the_whole_chain_and_verifies,
                chain::what_was_not_committed_did_not_happen,
                devices::what_a_revoked_device_still_sends_is_held_and_can_be_let_in,
                devices::a_forked_chain_does_not_undo_a_revocation,
                devices::a_copy_that_is_shut_out_gets_no_further_name_and_takes_what_it_became_along,
                devices::the_first_reason_stays_and_a_wipe_can_be_ordered_later,
                devices::a_device_held_what_it_was_given_and_what_it_made,
                devices::a_device_of_limited_scope_held_its_own_cases_until_they_left,
                devices::the_list_of_devices_says_who_used_them_and_when,
                device_log::rows_are_kept_once_though_they_come_twice_and_overlap,
                device_log::a_row_cut_out_is_an_alarm_and_what_follows_is_kept,
                device_log::a_row_changed_is_an_alarm,
                device_log::a_log_carried_on_in_two_copies_is_an_alarm_and_both_are_kept,
                device_log::a_log_made_anew_after_it_was_handed_over_is_an_alarm,
                device_log::municipalities_do_not_see_each_others_logs,
                device_log::logs_are_read_by_computer_and_time_page_by_page_and_that_is_noted_first,
                lease::a_device_is_given_the_same_share_until_it_is_shut_out,
                lease::a_share_is_for_one_key_of_one_device_and_begun_in_the_audit,
                accounts::a_code_enrols_one_computer_once_and_for_a_day,
                accounts::a_new_code_is_used_up_by_a_computer_that_is_known_and_changes_nothing_of_it,
                accounts::a_provider_at_a_new_address_locks_nobody_out_and_lets_nobody_back_in,
                accounts::what_the_operator_does_with_accounts_stands_in_the_audit,
                accounts::who_leaves_or_loses_a_role_keeps_no_grant,
                editions::editions_are_numbered_without_gaps_and_all_are_kept,
                editions::of_two_administrators_exactly_one_wins,
                editions::an_edition_that_was_not_committed_does_not_exist,
                editions::municipalities_do_not_see_each_others_editions,
                hostile::a_batch_of_forgeries_gets_a_reason_for_each_and_goes_on,
                hostile::a_file_name_that_is_a_path_is_held_apart,
                hostile::a_payload_that_nobody_can_read_is_held_apart_and_told_and_the_batch_goes_on,
                feed::a_page_stops_being_read_when_it_is_full,
                feed::positions_are_gapless_with_many_writers_and_rollbacks,
                feed::a_reader_beside_the_writers_misses_nothing,
                feed::pages_follow_each_other_without_gap_or_repeat,
                feed::a_device_of_limited_scope_sees_its_own_cases_alone,
                feed::entering_scope_brings_the_whole_case_and_leaving_ends_it,
                feed::a_case_is_given_to_an_outreach_computer_once_and_taken_back_in_the_audit,
                feed::tenants_do_not_see_each_other,
                feed::the_tree_of_the_head_covers_every_item,
                feed::the_look_up_finds_cases_by_citizen_and_follows_their_state,
                feed::the_backup_mark_only_moves_forward_and_never_beyond_the_feed,
            );
        }
    };
}

macro_rules! tests {
    ($backend:ty; $($group:ident::$name:ident,)+) => {
        $(#[test]
        fn $name() {
            $crate::suite::$group::$name(&$crate::office::Office::of::<$backend>());
        })+
    };
}

pub(crate) use {run_against, tests};
