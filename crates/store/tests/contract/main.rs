//! What every engine must do: each case runs against a fresh store of each kind.

#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

mod auth_tokens;
mod blacklist;
mod changes;
mod devices;
mod events;
mod families;
mod flush;
mod groups;
mod keys;
mod limits;
mod pooler;
mod rotations;
mod rules;
mod schema;
mod server;
mod sessions;
mod store;
mod together;
mod users;

use std::time::Duration;

use jeton_store::{EventKind, FamilyKind, NewEvent, NewFamily, NewUser, OpenMode, Rotation, Store};
use jeton_token::id::{FamilyKey, Generation};
use jeton_token::time::Timestamp;

macro_rules! contract {
    ($($subject:ident { $($case:ident)* })*) => {
        /// SQLite in memory: one connection for everything.
        mod memory {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let store = crate::open("sqlite::memory:");
                crate::$subject::$case(store).await;
            })*)*
        }
        /// SQLite in a file: a writer and readers.
        mod file {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let folder = tempfile::tempdir().unwrap();
                let store = crate::open(&format!("sqlite://{}", folder.path().join("jeton.db").display()));
                crate::$subject::$case(store).await;
            })*)*
        }
        /// PostgreSQL, each case in a schema of its own.
        mod postgres {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let schema = crate::schema::Schema::make().await;
                crate::$subject::$case(schema.open().await).await;
                schema.remove().await;
            })*)*
        }
    };
}

contract! {
    store {
        a_store_answers_a_ping
        a_closed_store_refuses_everything
        facts_count_what_there_is
    }
    users {
        a_created_user_is_found_again
        a_taken_name_or_id_makes_no_user
        a_given_id_is_kept_and_the_next_one_is_higher
        an_import_skips_the_taken_and_keeps_the_rest
        users_are_listed_by_any_field
        a_number_is_looked_up_by_its_own_spelling_only
        users_are_listed_in_pages
        the_first_superuser_is_noticed
        a_better_hash_does_not_undo_a_changed_password
        last_login_is_kept_to_the_microsecond
        locking_a_user_is_an_event_once
        a_deleted_user_leaves_the_ledger_behind
        a_deleted_users_families_end_if_asked
        deleting_nobody_changes_nothing
        creating_a_user_is_an_event
        a_user_whose_home_is_elsewhere_is_mirrored_without_a_password
    }
    groups {
        a_user_is_in_a_group_once_with_one_event
        nobody_joins_no_group
        a_user_leaves_a_group_that_stays
        groups_are_listed_in_pages_with_their_members
        a_deleted_user_is_in_no_group
    }
    families {
        a_login_makes_a_family
        a_taken_key_makes_no_family_and_no_event
        a_family_of_an_unknown_user_is_nobodys
        a_device_is_kept_beside_its_family
        a_long_user_agent_is_cut_at_a_character
        a_foreign_token_becomes_a_family_once
        a_foreign_token_without_blacklisting_stays_good
        a_blacklisted_foreign_token_becomes_no_family
        a_horizon_only_moves_out
        a_note_of_use_is_known_at_once_and_for_the_newest_only
        tokens_are_counted_as_simple_jwt_counts_them
        a_single_token_of_an_ended_family_is_counted_once
    }
    rotations {
        sixty_four_at_once_rotate_once
        sixty_four_at_once_adopt_once
        a_rotation_changes_what_it_says_and_no_more
        a_rotation_without_blacklisting_uses_nothing_up
        an_ended_family_does_not_rotate
        a_singly_blacklisted_token_does_not_rotate
        the_last_generation_does_not_rotate
        what_is_no_chain_or_is_too_old_does_not_rotate
        an_older_generation_rotates_to_the_end_of_the_chain
        an_older_generation_is_listed_once_when_it_rotates_with_blacklisting
        sixty_four_at_once_rotate_an_older_generation_once
        generation_zero_of_an_adopted_family_is_listed_by_its_own_jti
        a_used_up_generation_does_not_rotate
        a_late_replay_is_noted_once_in_a_window
        a_late_replay_is_not_noted_where_it_is_none
        a_family_is_marked_once_with_one_event
        a_family_ends_once_with_one_event
        an_end_can_depend_on_the_family_having_moved_on
        all_families_of_a_user_end_and_no_others
    }
    together {
        sixty_four_families_rotate_once_each_for_eight_callers_at_once
        rotations_at_once_change_what_each_of_them_says
        bad_ones_among_rotations_at_once_keep_nobody_else_back
        two_generations_at_once_are_answered_in_some_order
        a_rotation_goes_through_when_its_caller_has_gone
        rotations_that_were_begun_are_finished_before_the_store_is_closed
        notes_of_use_are_written_with_rotations_at_once
    }
    auth_tokens {
        an_auth_token_is_found_by_its_digest
        a_user_has_one_kept_auth_token
        sixty_four_at_once_make_one_kept_auth_token
        a_taken_id_or_digest_makes_no_auth_token
        an_auth_token_is_replaced_once
        no_auth_token_for_a_password_that_was_changed
        a_new_password_ends_auth_tokens_if_asked
        beyond_the_limit_the_oldest_auth_tokens_end
        expired_auth_tokens_go_when_one_is_made
        an_auth_token_ends_once_with_one_event
        auth_tokens_go_with_their_user
        auth_tokens_are_listed_in_pages
    }
    blacklist {
        a_token_is_listed_once_with_one_event
        a_listed_token_is_found_again
        a_token_of_nobody_can_be_listed
    }
    changes {
        an_ended_family_is_told_once_and_for_as_long_as_a_token_can_live
        every_family_of_a_user_is_told
        what_becomes_of_a_user_is_told_in_its_order
        a_new_password_ends_families_if_asked
        who_announces_waits_for_the_followers_of_the_process
        a_change_elsewhere_is_heard_without_being_asked
        what_nobody_needs_to_know_is_flushed
        triggers_tell_what_others_do_to_users
    }
    devices {
        sign_ins_of_all_kinds_are_one_list_with_the_newest_first
        what_ended_ran_out_or_is_of_another_password_is_no_sign_in
        a_session_that_goes_on_was_used_then
        sign_ins_are_listed_in_pages_without_gap_or_twin
        beyond_the_cap_those_that_were_not_used_for_longest_end
        a_lower_cap_ends_as_many_as_it_takes
        a_sign_in_from_the_future_that_gives_way_is_told_for_as_long_as_it_has_tokens
        a_full_user_is_refused_and_nothing_changes
        a_session_of_another_password_takes_no_place
        of_sixty_four_logins_at_once_no_more_stay_than_may
        logins_rotations_and_adoptions_at_once_leave_no_end_untold
    }
    events {
        events_are_listed_in_order_and_in_pages
        every_kind_of_event_is_kept
    }
    flush {
        a_step_looks_at_fifty_rows_and_goes_round
        a_step_deletes_what_is_past_its_horizon
        a_flush_deletes_everything_that_expired_and_nothing_else
        the_highest_expiry_of_a_foreign_token_is_remembered
        flushing_our_own_tokens_says_nothing_about_foreign_ones
        a_horizon_that_moved_out_keeps_the_family
        rotations_go_on_while_the_sweeper_deletes
    }
    limits {
        what_counts_against_somebody_is_read_back_whole
        a_row_is_written_over_the_one_that_was_read_or_not_at_all
        sixty_four_failures_at_once_count_sixty_four
        a_new_device_takes_the_place_of_the_one_away_for_longest
        clearing_an_account_forgives_its_failures_and_no_others
        expired_limits_are_flushed_some_at_a_time
    }
    sessions {
        a_session_is_found_by_its_digest_until_it_runs_out
        a_login_can_replace_a_session
        a_taken_digest_or_a_user_who_is_gone_makes_no_session
        a_session_is_renewed_by_its_user_alone
        a_session_ends_once_with_one_event
        all_sessions_of_a_user_end_and_no_others
        sessions_end_with_the_families_if_asked_and_where_there_is_no_family
        a_session_of_a_deleted_user_is_nobodys
        sessions_that_ran_out_are_deleted_by_and_by
        sixty_four_logins_at_once_are_sixty_four_sessions
    }
    keys {
        the_first_key_brings_the_settings_own_along
        of_sixty_four_rotations_at_once_one_makes_a_key
        a_key_retires_once_with_one_event_and_its_private_part_is_gone
        a_seal_is_exchanged_for_the_very_one_that_was_seen
        a_longest_life_only_grows
        logins_are_counted_that_hold_a_token_of_a_time
    }
    rules {
        random_walks_leave_the_store_where_the_rules_say
        whenever_the_rules_note_a_late_replay_the_store_does
    }
}

/// The moment at which the cases begin.
const START: Timestamp = Timestamp::from_seconds(1_795_206_398);
const DAY: Duration = Duration::from_secs(86_400);

fn open(url: &str) -> Store {
    Store::open(url, OpenMode::Create, START).unwrap()
}

fn after(seconds: u64) -> Timestamp {
    START + Duration::from_secs(seconds)
}

fn key(number: u32) -> FamilyKey {
    FamilyKey::new(START + Duration::from_secs(number.into()), number.to_be_bytes())
}

fn new_user(username: &str) -> NewUser {
    NewUser { email: format!("{username}@example.com"), ..NewUser::new(username, "pbkdf2_sha256$1$salt$hash") }
}

async fn user(store: &Store, username: &str) -> i64 {
    store.create_user(&new_user(username), START).await.unwrap().unwrap()
}

fn new_family(key: FamilyKey, user_id: Option<i64>) -> NewFamily {
    NewFamily {
        key,
        kind: FamilyKind::Refresh,
        user_id,
        created_at: START,
        token_expires_at: (START + DAY).seconds(),
        expires_at: START + DAY,
        agent: None,
        user_agent: None,
        address: None,
    }
}

async fn family(store: &Store, number: u32, user_id: Option<i64>) -> FamilyKey {
    assert!(store.create_family(&new_family(key(number), user_id), None).await.unwrap());
    key(number)
}

fn rotation(key: FamilyKey, presented: u32, seconds: u64) -> Rotation {
    Rotation {
        key,
        presented: Generation(presented),
        at: after(seconds),
        agent: Some(*b"tab-one!"),
        blacklist: true,
        token_expires_at: (after(seconds) + DAY).seconds(),
        expires_at: after(seconds) + DAY,
        created_from: None,
    }
}

/// Rotates the newest generation, `count` times.
async fn rotate(store: &Store, key: FamilyKey, count: u32, blacklist: bool) {
    for presented in 0..count {
        let rotation = Rotation { blacklist, ..rotation(key, presented, presented.into()) };
        assert!(store.rotate(&rotation).await.unwrap().is_some());
    }
}

fn event(kind: EventKind, family: Option<FamilyKey>) -> NewEvent {
    NewEvent { at: START, kind, user_id: None, family, address: None, detail: None }
}

async fn kinds_of_events(store: &Store) -> Vec<EventKind> {
    store.list_events(None, 1000).await.unwrap().iter().map(|event| event.event.kind).collect()
}
