//! Sign-ins: the families and sessions of a user as one list, and how many of them there may be.

use jeton_token::rotation::EndReason;
use jeton_token::time::Timestamp;

use crate::changes::{ChangeKind, tell_families_ended};
use crate::engine::{FromValue, Row, Statement, Value};
use crate::events::{EventKind, NewEvent};
use crate::families::{self, NewFamily};
use crate::sessions::{self, NewSession, SessionDigest, SessionId};
use crate::sign_in_id::{SignInCursor, SignInId};
use crate::{Store, StoreError};

/// What was got by signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignInKind {
    /// A chain of refresh tokens.
    Refresh,
    /// One sliding token.
    Sliding,
    /// A session in a cookie.
    Session,
}

/// A sign-in that has neither ended nor run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// Its name.
    pub id: SignInId,
    /// What it is.
    pub kind: SignInKind,
    /// Whose it is; nobody's once the user is deleted.
    pub user_id: Option<i64>,
    /// When.
    pub created_at: Timestamp,
    /// Its last rotation, or the last login in the same session. What writes nothing is not noted.
    pub last_used_at: Timestamp,
    /// When it ends by itself if it is not used again.
    pub expires_at: Timestamp,
    /// Who asked, at most 512 characters of it.
    pub user_agent: Option<String>,
    /// Where the login came from.
    pub address: Option<String>,
}

/// How many sign-ins a user may have.
#[derive(Clone, Debug)]
pub struct SignInCap {
    /// So many, of all kinds together; at least one.
    pub at_most: u32,
    /// What becomes of one more.
    pub when_full: WhenFull,
    /// What binds sessions to the user's password of today: others are dead and do not count.
    pub auth_hash: [u8; 32],
}

/// What becomes of one sign-in too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Those that were not used for longest end.
    NewestWins,
    /// It is refused.
    Refuse,
}

/// What became of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is there.
    Done,
    /// Its key is taken; a session's user may also be gone.
    Taken,
    /// The user has as many as there may be.
    Full,
}

/// The families that can still be of use, as sign-ins: $2 is now.
macro_rules! families_alive {
    () => {
        "SELECT f.key AS name, f.kind AS kind, f.user_id AS user_id, f.created_at AS created_at, \
         COALESCE(f.rotated_at, f.created_at) AS used_at, f.token_expires_at AS token_expires_at, \
         f.expires_at AS expires_at, d.user_agent AS user_agent, d.address AS address \
         FROM jeton_family AS f LEFT JOIN jeton_family_device AS d ON d.key = f.key \
         WHERE f.revoked_at IS NULL AND f.expires_at > $2"
    };
}

/// The sessions, with the same columns.
macro_rules! sessions_alive {
    () => {
        "SELECT s.id AS name, CAST(2 AS SMALLINT) AS kind, s.user_id AS user_id, s.created_at AS created_at, \
         COALESCE(s.renewed_at, s.created_at) AS used_at, s.expires_at / 1000000 AS token_expires_at, \
         s.expires_at AS expires_at, s.user_agent AS user_agent, s.address AS address \
         FROM jeton_session AS s WHERE s.expires_at > $2"
    };
}

/// Of the user $1, the $3 that were used last: $2 is now, $4 binds sessions to the password.
macro_rules! used_last {
    () => {
        "SELECT name FROM (SELECT key AS name, COALESCE(rotated_at, created_at) AS used_at FROM jeton_family \
         WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 \
         UNION ALL SELECT digest, COALESCE(renewed_at, created_at) FROM jeton_session \
         WHERE user_id = $1 AND expires_at > $2 AND auth_hash = $4 \
         ORDER BY used_at DESC, name DESC LIMIT $3) AS used_last"
    };
}

/// The families that are none of those.
macro_rules! surplus_families {
    () => {
        concat!("user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND key NOT IN (", used_last!(), ")")
    };
}

/// The sessions that are none of those.
macro_rules! surplus_sessions {
    () => {
        concat!("user_id = $1 AND expires_at > $2 AND auth_hash = $4 AND digest NOT IN (", used_last!(), ")")
    };
}

impl Store {
    /// A page of what a user is signed in with, the newest first, past that place. Sessions that are bound to another
    /// password than `auth_hash` are dead and left out.
    pub async fn list_sign_ins(
        &self,
        user_id: i64,
        auth_hash: [u8; 32],
        past: Option<SignInCursor>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<SignIn>, StoreError> {
        const SQL: &str = concat!(
            "SELECT name, kind, user_id, created_at, used_at, token_expires_at, expires_at, user_agent, address FROM (",
            families_alive!(),
            " AND f.user_id = $1 UNION ALL ",
            sessions_alive!(),
            " AND s.user_id = $1 AND s.auth_hash = $3) AS alive ",
            "WHERE created_at < $4 OR (created_at = $4 AND name < $5) ORDER BY created_at DESC, name DESC LIMIT $6"
        );
        let (created_at, name) = match past {
            Some(cursor) => (cursor.created_at.micros(), cursor.id.into()),
            None => (i64::MAX, Value::Bytes(Vec::new())),
        };
        let values = [user_id.into(), now.into(), auth_hash.as_slice().into(), created_at.into(), name, limit.into()];
        self.engine.read(Statement::new(SQL, values)).await?.into_iter().map(sign_in).collect()
    }

    /// By name, whosever it is; nothing if it has ended or run out.
    pub async fn find_sign_in(&self, id: SignInId, now: Timestamp) -> Result<Option<SignIn>, StoreError> {
        const FAMILY: &str = concat!(families_alive!(), " AND f.key = $1");
        const SESSION: &str = concat!(sessions_alive!(), " AND s.id = $1");
        let sql = match id {
            SignInId::Family(_) => FAMILY,
            SignInId::Session(_) => SESSION,
        };
        self.engine.read_one(Statement::new(sql, [id.into(), now.into()])).await?.map(sign_in).transpose()
    }

    /// Ends a session by its name. False if there was none: then there is no event either.
    pub async fn end_session(&self, id: SessionId, event: &NewEvent) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM jeton_session WHERE id = $1";
        let statements = vec![Statement::new(SQL, [id.into()]).guard(), crate::events::append(event)];
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// [`Store::create_family`] of a user who may have so many sign-ins, if there is a limit. Of any number at once no more
    /// than that stay.
    pub async fn create_family_within(
        &self,
        family: &NewFamily,
        cap: Option<&SignInCap>,
        event: &NewEvent,
    ) -> Result<Opened, StoreError> {
        let creation = families::creation(family, Some(event));
        match (cap, family.user_id) {
            (Some(cap), Some(user_id)) => self.open_within(cap, user_id, None, event, creation).await,
            (None, _) | (_, None) => self.open_freely(creation).await,
        }
    }

    /// A login: the session begins, the one it `replaces` ends and makes room, and the user's `last_login` is set, all at
    /// once; of a user who may have so many sign-ins, if there is a limit.
    pub async fn create_session_within(
        &self,
        session: &NewSession,
        replaces: Option<SessionDigest>,
        cap: Option<&SignInCap>,
        event: &NewEvent,
    ) -> Result<Opened, StoreError> {
        match cap {
            Some(cap) => {
                let creation = sessions::creation(session, None, event);
                self.open_within(cap, session.user_id, replaces, event, creation).await
            }
            None => self.open_freely(sessions::creation(session, replaces, event)).await,
        }
    }

    async fn open_freely(&self, creation: Vec<Statement>) -> Result<Opened, StoreError> {
        Ok(if self.engine.write(creation).await?.is_done() { Opened::Done } else { Opened::Taken })
    }

    /// Everything in one list: the sign-ins are held still, room is made or found, and the new one begins.
    async fn open_within(
        &self,
        cap: &SignInCap,
        user_id: i64,
        replaces: Option<SessionDigest>,
        event: &NewEvent,
        creation: Vec<Statement>,
    ) -> Result<Opened, StoreError> {
        let mut statements = self.engine.hold_sign_ins(user_id);
        statements.extend(replaces.map(sessions::delete));
        let told_at = statements.len();
        match cap.when_full {
            WhenFull::NewestWins => {
                statements.extend(end_surplus(cap, user_id, event, self.untold_after(event.at)));
            }
            WhenFull::Refuse => statements.push(has_room(cap, user_id, replaces, event.at).guard()),
        }
        statements.extend(creation);
        for _ in 0..TRIES {
            let outcome = self.engine.write(statements.clone()).await?;
            if outcome.is_done() {
                // Most logins end nothing, and others need not be woken.
                if cap.when_full == WhenFull::NewestWins && outcome.changed(told_at) > 0 {
                    self.feed.announce(&self.engine).await;
                }
                return Ok(Opened::Done);
            }
            // Which of two guards held it back is not told; where there is room by now, it is tried again.
            match cap.when_full {
                WhenFull::NewestWins => return Ok(Opened::Taken),
                WhenFull::Refuse => {
                    let room = self.engine.read_one(has_room(cap, user_id, replaces, event.at)).await?;
                    if room.is_none() {
                        return Ok(Opened::Full);
                    }
                }
            }
        }
        Ok(Opened::Taken)
    }
}

/// A row if the user may have one more sign-in.
fn has_room(cap: &SignInCap, user_id: i64, replaces: Option<SessionDigest>, now: Timestamp) -> Statement {
    const SQL: &str = "SELECT 1 WHERE \
        (SELECT COUNT(*) FROM jeton_family WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2) + \
        (SELECT COUNT(*) FROM jeton_session \
            WHERE user_id = $1 AND expires_at > $2 AND auth_hash = $4 AND digest <> $5) < $3";
    let [user_id, now, at_most, auth_hash] = scope(cap, user_id, now, cap.at_most);
    let replaced = replaces.map_or(Value::Bytes(Vec::new()), Value::from);
    Statement::new(SQL, [user_id, now, at_most, auth_hash, replaced])
}

/// The statements that end all sign-ins of a user but those used last, so that there is room for one. What they see does
/// not change between them.
fn end_surplus(cap: &SignInCap, user_id: i64, event: &NewEvent, untold_after: Timestamp) -> [Statement; 5] {
    const CHANGES: &str = tell_families_ended!("$2", "$5", "$6", surplus_families!());
    const FAMILY_EVENTS: &str = concat!(
        "INSERT INTO jeton_event (at, kind, user_id, family, address, detail) ",
        "SELECT $2, $5, user_id, key, $6, $7 FROM jeton_family WHERE ",
        surplus_families!()
    );
    const SESSION_EVENTS: &str = concat!(
        "INSERT INTO jeton_event (at, kind, user_id, address, detail) ",
        "SELECT $2, $5, user_id, $6, $7 FROM jeton_session WHERE ",
        surplus_sessions!()
    );
    const END: &str =
        concat!("UPDATE jeton_family SET revoked_at = $2, revoke_reason = $5 WHERE ", surplus_families!());
    const DELETE: &str = concat!("DELETE FROM jeton_session WHERE ", surplus_sessions!());
    let reason = EndReason::NewestWins.as_str();
    let with = |more: &[Value]| [&scope(cap, user_id, event.at, cap.at_most.saturating_sub(1)), more].concat();
    let told = |kind: EventKind| with(&[kind.as_str().into(), event.address.clone().into(), reason.into()]);
    // The sessions rank beside the families that are left: those used last are the same ones.
    [
        Statement::new(CHANGES, with(&[ChangeKind::FamilyEnded.as_str().into(), untold_after.into()])),
        Statement::new(FAMILY_EVENTS, told(EventKind::FamilyEnded)),
        Statement::new(END, with(&[reason.into()])),
        Statement::new(SESSION_EVENTS, told(EventKind::SessionEnded)),
        Statement::new(DELETE, with(&[])),
    ]
}

fn scope(cap: &SignInCap, user_id: i64, now: Timestamp, count: u32) -> [Value; 4] {
    [user_id.into(), now.into(), count.into(), cap.auth_hash.as_slice().into()]
}

fn sign_in(mut row: Row) -> Result<SignIn, StoreError> {
    let name: Vec<u8> = row.next("jeton_family.key")?;
    let kind: SignInKind = row.next("jeton_family.kind")?;
    let id = SignInId::of(&name).ok_or(StoreError::Content { column: "jeton_family.key" })?;
    let user_id = row.next("jeton_family.user_id")?;
    let created_at = row.next("jeton_family.created_at")?;
    let last_used_at = row.next("jeton_family.rotated_at")?;
    let token_expires_at: i64 = row.next("jeton_family.token_expires_at")?;
    let expires_at = row.next("jeton_family.expires_at")?;
    Ok(SignIn {
        id,
        kind,
        user_id,
        created_at,
        last_used_at,
        expires_at: match kind {
            SignInKind::Refresh => Timestamp::from_seconds(token_expires_at),
            SignInKind::Sliding | SignInKind::Session => expires_at,
        },
        user_agent: row.next("jeton_family_device.user_agent")?,
        address: row.next("jeton_family_device.address")?,
    })
}

impl SignIn {
    /// The place right behind this one in the list.
    pub fn cursor(&self) -> SignInCursor {
        SignInCursor { created_at: self.created_at, id: self.id }
    }
}

impl SignInKind {
    /// As it is told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::Sliding => "sliding",
            Self::Session => "session",
        }
    }
}

impl FromValue for SignInKind {
    fn from_value(value: Value) -> Option<Self> {
        match u8::from_value(value)? {
            0 => Some(Self::Refresh),
            1 => Some(Self::Sliding),
            2 => Some(Self::Session),
            _ => None,
        }
    }
}

/// How often a sign-in is tried again that found room only behind it.
const TRIES: u32 = 3;
