//! What this process knows of what happens elsewhere: it follows the store's change log, and answers from memory for as
//! long as it hears from the database.

mod ends;
mod users;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jeton_store::{Change, ChangeKind, Follower, StoreError, User, UserKey};
use jeton_token::claims::Claims;
use jeton_token::id::{Jti, Member};
use jeton_token::policy::TokenType;
use tokio::sync::watch;
use tokio::time::Instant;

use self::ends::Ends;
pub(super) use self::ends::Seen;
use self::users::KnownUsers;
use super::user_key::{Named, user_key};
use super::{Auth, AuthError};
use crate::settings::{Nodes, UserField};

/// What is known, and since when nothing was heard.
pub(super) struct Live {
    ends: Ends,
    users: KnownUsers,
    /// When this was made: moments are counted from it, in milliseconds and beginning with 1.
    began: Instant,
    heard: AtomicU64,
    fence_after: Duration,
    /// By how many microseconds the database's clock is ahead of ours.
    clock_ahead: AtomicI64,
    /// Whether somebody tells of what others do to `auth_user`.
    users_are_watched: AtomicBool,
    /// The signing keys are others.
    keys_changed: watch::Sender<u64>,
}

/// Whether the lock on a user is a matter of their tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Locks {
    /// It is: nobody looks at the user.
    Count,
    /// It is not: whoever asks looks at the user, and has a better answer.
    AreLookedUp,
}

/// Why a process should not be sent requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unready {
    /// It has not heard from the database for `nodes.fence_after`.
    CutOff,
    /// Its clock and the database's differ by more than five seconds.
    Clock,
}

impl Live {
    pub(super) fn new(settings: &Nodes) -> Self {
        Self {
            ends: Ends::default(),
            users: KnownUsers::new(settings.user_cache),
            began: Instant::now(),
            heard: AtomicU64::new(0),
            fence_after: settings.fence_after,
            clock_ahead: AtomicI64::new(0),
            users_are_watched: AtomicBool::new(false),
            keys_changed: watch::Sender::new(0),
        }
    }

    /// Counts how often the signing keys have changed.
    pub(super) fn keys_changed(&self) -> watch::Receiver<u64> {
        self.keys_changed.subscribe()
    }

    /// Whether what is in memory is all there is to know, as of `nodes.fence_after` ago at the latest. Never where nobody
    /// follows the log.
    fn is_fresh(&self) -> bool {
        let heard = self.heard.load(Ordering::Acquire);
        heard > 0 && self.moment(Instant::now()).saturating_sub(heard) <= millis(self.fence_after)
    }

    fn moment(&self, instant: Instant) -> u64 {
        millis(instant.saturating_duration_since(self.began)) + 1
    }

    fn learn(&self, change: &Change) {
        match change.kind {
            ChangeKind::KeysChanged => self.keys_changed.send_modify(|times| *times += 1),
            ChangeKind::UserChanged => {}
            ChangeKind::FamilyEnded
            | ChangeKind::UserLocked
            | ChangeKind::UserUnlocked
            | ChangeKind::UserTokensEnded => self.ends.learn(change),
        }
        if let Some(user_id) = change.user_id {
            self.users.forget(user_id);
        }
    }
}

impl Auth {
    /// Follows the change log for as long as it is polled. While the database is away what is in memory grows old, and
    /// is not used any more.
    pub(crate) async fn follow(&self) {
        let live = &self.0.live;
        let mut follower = self.store().follow();
        let mut was_away = false;
        let mut next_check = Instant::now();
        loop {
            let heard = match follower.next().await {
                Ok(changes) => {
                    changes.iter().for_each(|change| live.learn(change));
                    self.learn_what_is_flushed(&mut follower, next_check).await
                }
                Err(error) => Err(error),
            };
            match heard {
                Ok(()) => {
                    live.heard.store(live.moment(follower.asked_at()), Ordering::Release);
                    if std::mem::take(&mut was_away) {
                        tracing::info!("the database is heard again");
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut was_away, true) {
                        tracing::warn!(%error, "the database is not heard; answers from memory end soon");
                    }
                    tokio::time::sleep(AWAY).await;
                    continue;
                }
            }
            if Instant::now() >= next_check {
                next_check = Instant::now() + CHECK_EVERY;
                live.ends.forget_expired(self.now());
                self.check_surroundings(&mut follower).await;
            }
        }
    }

    /// When it is time to. Before anything is answered from memory it has to be known what was flushed.
    async fn learn_what_is_flushed(&self, follower: &mut Follower, next_check: Instant) -> Result<(), StoreError> {
        if Instant::now() >= next_check
            && let Some(through) = follower.flushed_through().await?
        {
            self.0.live.ends.is_forgotten_through(through);
        }
        Ok(())
    }

    /// The clocks, and whether others' changes of users are told.
    async fn check_surroundings(&self, follower: &mut Follower) {
        let live = &self.0.live;
        let before = self.now();
        match follower.clock().await {
            Ok(Some(theirs)) => {
                let ours = before + self.now().since(before) / 2;
                let ahead = theirs.micros() - ours.micros();
                if ahead.abs() > CLOCK_LIMIT && live.clock_ahead.load(Ordering::Relaxed).abs() <= CLOCK_LIMIT {
                    let seconds = ahead / 1_000_000;
                    tracing::error!(seconds, "the database's clock is ahead of this machine's by so much: not ready");
                }
                live.clock_ahead.store(ahead, Ordering::Relaxed);
            }
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the database did not tell its time"),
        }
        if let Ok(watched) = self.store().has_user_triggers().await {
            live.users_are_watched.store(watched, Ordering::Relaxed);
        }
    }

    /// Why this process should not be sent requests, as far as it follows others.
    pub fn unready(&self) -> Option<Unready> {
        let live = &self.0.live;
        if live.clock_ahead.load(Ordering::Relaxed).abs() > CLOCK_LIMIT {
            return Some(Unready::Clock);
        }
        let has_heard = live.heard.load(Ordering::Acquire) > 0;
        (has_heard && !live.is_fresh()).then_some(Unready::CutOff)
    }

    /// Whether a token is refused that is otherwise good: its login has ended, or its user may not come in. From memory;
    /// where that may be out of date, or does not know users by what the token calls them, from the database.
    pub(super) async fn is_revoked(&self, claims: &Claims, locks: Locks) -> Result<bool, AuthError> {
        if !self.settings().ledger.revoke_access_tokens {
            return Ok(false);
        }
        let policy = self.tokens().policy();
        let text = |name: &Option<String>| name.as_deref().and_then(|name| claims.text(name));
        let token = self.seen(claims);
        if !may_be_access(text(&policy.type_claim), token.jti) {
            return Ok(false);
        }
        let revoked = match self.is_revoked_at_sight(token, locks) {
            Some(revoked) => revoked,
            None => self.is_revoked_in_store(token, locks).await?,
        };
        if revoked || token.user_id.is_some() || !self.locks_out(locks) {
            return Ok(revoked);
        }
        Ok(match self.user_of(claims).await? {
            Named::One(user) => !user.is_active,
            Named::Nobody | Named::Unknown => false,
        })
    }

    /// What of a token decides whether it has ended.
    fn seen<'t>(&self, claims: &'t Claims) -> Seen<'t> {
        let simple_jwt = &self.settings().simple_jwt;
        let user = claims.get(&simple_jwt.user_id_claim).filter(|_| self.names_users_by_id());
        let user_id = user.and_then(|claim| match user_key(simple_jwt.user_id_field, claim)? {
            UserKey::Id(id) => Some(id),
            UserKey::Text(_) => None,
        });
        let jti = self.tokens().policy().jti_claim.as_deref().and_then(|name| claims.text(name));
        let seconds = |name| claims.get(name).and_then(serde_json::Value::as_f64).map(|seconds| seconds as i64);
        Seen { jti, user_id, issued_at: seconds("iat"), expires_at: seconds("exp") }
    }

    /// Whether tokens call users by what memory knows them by.
    pub(super) fn names_users_by_id(&self) -> bool {
        self.settings().simple_jwt.user_id_field == UserField::Id
    }

    /// The same as [`Self::is_revoked`] of a token that calls its user by id, if memory alone can say.
    pub(super) fn is_revoked_at_sight(&self, token: Seen<'_>, locks: Locks) -> Option<bool> {
        if !self.settings().ledger.revoke_access_tokens {
            return Some(false);
        }
        let live = &self.0.live;
        let knows = live.is_fresh() && !live.ends.may_have_forgotten(token);
        knows.then(|| live.ends.has_ended(token, self.locks_out(locks)))
    }

    async fn is_revoked_in_store(&self, token: Seen<'_>, locks: Locks) -> Result<bool, AuthError> {
        // Our layout without a row: what was flushed by a clock that was ahead does not come back with the right time.
        if let Some(family) = token.family()
            && self.store().find_family(family).await?.is_none_or(|row| row.state.revoked)
        {
            return Ok(true);
        }
        let Some(user_id) = token.user_id.filter(|_| self.locks_out(locks) && self.own_users().is_none()) else {
            return Ok(false);
        };
        Ok(self.store().find_user(user_id).await?.is_some_and(|user| !user.is_active))
    }

    /// Whether a user who is locked may not come in with a token, either.
    fn locks_out(&self, locks: Locks) -> bool {
        locks == Locks::Count && self.settings().simple_jwt.check_user_is_active
    }

    /// The user with that id, from memory if what is there is new enough.
    pub(super) async fn known_user(&self, id: i64) -> Result<Option<Arc<User>>, AuthError> {
        let live = &self.0.live;
        let keeps = self.own_users().is_none() && live.is_fresh();
        if keeps && let Some(user) = live.users.find(id, live.users_are_watched.load(Ordering::Relaxed)) {
            return Ok(Some(user));
        }
        let reading = live.users.begin_reading();
        let Some(user) = self.find_user(id).await? else { return Ok(None) };
        let user = Arc::new(user);
        if keeps {
            live.users.keep(reading, &user);
        }
        Ok(Some(user))
    }
}

/// Whether a token is no refresh and no sliding token: those are the ledger's, each time.
pub(super) fn may_be_access(token_type: Option<&str>, jti: Option<&str>) -> bool {
    match token_type {
        Some(token_type) => token_type != TokenType::Refresh.as_str() && token_type != TokenType::Sliding.as_str(),
        None => jti.and_then(Jti::parse).is_none_or(|jti| matches!(jti.member(), Member::Access(_))),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

const AWAY: Duration = Duration::from_millis(250);
const CHECK_EVERY: Duration = Duration::from_secs(10);
/// In microseconds.
const CLOCK_LIMIT: i64 = 5_000_000;
