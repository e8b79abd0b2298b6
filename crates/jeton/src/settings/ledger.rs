//! `[ledger]`: what happens to the families of refresh and sliding tokens.

use std::time::Duration;

use super::Compatibility;
use super::given::{Words, Wrong, between};
use super::reader::Reader;

/// When `verify` asks whether a token is blacklisted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyBlacklist {
    /// Each time.
    Always,
    /// Only while `BLACKLIST_AFTER_ROTATION` is on, as Simple JWT does.
    WhenBlacklistAfterRotation,
}

/// The rules of rotation, replay and ending; see `docs/` for the whole of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ledger {
    /// Whether tokens are recorded and can be blacklisted at all: Simple JWT's `token_blacklist` app.
    pub blacklist: bool,
    /// Whether a replay that no honest client makes ends its family. Works only where rotation and blacklisting are on.
    pub reuse_detection: bool,
    /// How long after a rotation the token just rotated still gets the same successor.
    pub replay_window: Duration,
    /// How long a lost answer may be asked for again after the window; zero turns late replays off.
    pub late_replay: Duration,
    /// How many generations in a row may be replayed late: fewer than this.
    pub late_replay_limit: u8,
    /// The age at which a family ends, however often it was rotated; `None` is never.
    pub refresh_family_lifetime: Option<Duration>,
    /// Whether blacklist and logout take any unexpired token of a family, ended or not, and answer 200.
    pub ending_wins: bool,
    /// Whether logout refuses a token of another user.
    pub check_owner_at_logout: bool,
    /// When `verify` consults the blacklist.
    pub verify_consults_blacklist: VerifyBlacklist,
    /// Whether refreshing a sliding token looks at its user.
    pub sliding_refresh_checks_user: bool,
    /// Whether refreshing compares the revoke claim, where `CHECK_REVOKE_TOKEN` is on.
    pub refresh_checks_revoke_claim: bool,
    /// Whether deleting a user ends that user's families.
    pub end_families_of_deleted_users: bool,
    /// Whether a new password ends the user's families.
    pub end_families_with_password: bool,
    /// Whether access tokens are refused, too, once their login has ended or their user may not come in.
    pub revoke_access_tokens: bool,
    /// Whether logout with neither `refresh_token` nor `all` is an error.
    pub logout_needs_a_field: bool,
}

impl Ledger {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let safe = compatibility == Compatibility::Safe;
        Self {
            blacklist: true,
            reuse_detection: safe,
            replay_window: Duration::from_secs(10),
            late_replay: Duration::from_secs(24 * 3600),
            late_replay_limit: 3,
            refresh_family_lifetime: safe.then_some(Duration::from_secs(180 * 86_400)),
            ending_wins: safe,
            check_owner_at_logout: safe,
            verify_consults_blacklist: if safe {
                VerifyBlacklist::Always
            } else {
                VerifyBlacklist::WhenBlacklistAfterRotation
            },
            sliding_refresh_checks_user: safe,
            refresh_checks_revoke_claim: safe,
            end_families_of_deleted_users: safe,
            end_families_with_password: safe,
            revoke_access_tokens: safe,
            logout_needs_a_field: safe,
        }
    }
}

impl Ledger {
    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("ledger");
        let mut ledger = Self::defaults(compatibility);
        let mut rule = |key, about, value: &mut bool| *value = section.read(key, about, *value);
        rule(
            "BLACKLIST",
            "Whether tokens are recorded and can be blacklisted: Simple JWT's token_blacklist app.",
            &mut ledger.blacklist,
        );
        rule(
            "REUSE_DETECTION",
            "Whether a replay that no honest client makes ends the login. Needs rotation and blacklisting.",
            &mut ledger.reuse_detection,
        );
        rule(
            "ENDING_WINS",
            "Whether blacklist and logout take any unexpired token of a login and answer 200, ended or not.",
            &mut ledger.ending_wins,
        );
        rule(
            "CHECK_OWNER_AT_LOGOUT",
            "Whether logout refuses a token of another user.",
            &mut ledger.check_owner_at_logout,
        );
        rule(
            "SLIDING_REFRESH_CHECKS_USER",
            "Whether renewing a sliding token looks at its user.",
            &mut ledger.sliding_refresh_checks_user,
        );
        rule(
            "REFRESH_CHECKS_REVOKE_CLAIM",
            "Whether a refresh compares the revoke claim, where CHECK_REVOKE_TOKEN is on.",
            &mut ledger.refresh_checks_revoke_claim,
        );
        rule(
            "END_FAMILIES_OF_DELETED_USERS",
            "Whether deleting a user ends that user's logins.",
            &mut ledger.end_families_of_deleted_users,
        );
        rule(
            "END_FAMILIES_WITH_PASSWORD",
            "Whether a new password ends that user's logins.",
            &mut ledger.end_families_with_password,
        );
        rule(
            "REVOKE_ACCESS_TOKENS",
            "Whether Jeton refuses access tokens, too, once their login has ended or their user may not come in.",
            &mut ledger.revoke_access_tokens,
        );
        rule(
            "LOGOUT_NEEDS_A_FIELD",
            "Whether logout with neither refresh_token nor all is an error.",
            &mut ledger.logout_needs_a_field,
        );
        ledger.verify_consults_blacklist = section.read(
            "VERIFY_CONSULTS_BLACKLIST",
            "When verify consults the blacklist: always, or when_blacklist_after_rotation is on.",
            ledger.verify_consults_blacklist,
        );
        ledger.replay_window = section.read_if(
            "REPLAY_WINDOW",
            "How long the refresh token just rotated still gets the same successor.",
            ledger.replay_window,
            between(Duration::ZERO..=Duration::from_secs(600)),
        );
        ledger.late_replay = section.read_if(
            "LATE_REPLAY",
            "How long an answer that was lost may be asked for again after that; 0 turns this off.",
            ledger.late_replay,
            between(Duration::ZERO..=Duration::from_secs(30 * 86_400)),
        );
        ledger.late_replay_limit = section.read(
            "LATE_REPLAY_LIMIT",
            "So many rotations in a row may be asked for again late; 0: none.",
            ledger.late_replay_limit,
        );
        ledger.refresh_family_lifetime = section.read_if(
            "REFRESH_FAMILY_LIFETIME",
            "The age at which a login ends, however often it was refreshed. Empty: never.",
            ledger.refresh_family_lifetime,
            |lifetime| match lifetime {
                Some(Duration::ZERO) => Err(Wrong::new("no login would live", "Write \"\" for no end at all.")),
                _ => Ok(()),
            },
        );
        ledger
    }
}

impl Words for VerifyBlacklist {
    const WORDS: &'static [(&'static str, Self)] =
        &[("always", Self::Always), ("when_blacklist_after_rotation", Self::WhenBlacklistAfterRotation)];
}
