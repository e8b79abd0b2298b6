//! Session: a sign-in that a cookie names. The store knows the digest of its key, never the key.

use jeton_store::{EventKind, NewEvent, NewSession, Opened, SessionDigest, SessionId, SessionRow, User};
use jeton_token::hs256::Hs256;
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

use super::derived_key::Purpose;
use super::{Auth, AuthError, Caller, Credentials, Principal};

/// What the key of a session stands for.
#[derive(Clone, Debug)]
pub enum Session {
    /// Nothing: it never was, ran out, was ended, or its user has another password now.
    Gone,
    /// The sign-in of a user who is deleted, or may not come in at the moment.
    OfNobody,
    /// The sign-in of a user.
    Of(Box<Principal>),
}

/// The keys of sessions, each for one purpose alone.
pub(super) struct SessionKeys {
    password: Hs256,
    csrf: Hs256,
}

impl SessionKeys {
    pub(super) fn of(secret_key: &Secret<String>) -> Self {
        let derived = |purpose: Purpose| Hs256::new(purpose.key(secret_key).expose());
        Self { password: derived(Purpose::SessionPassword), csrf: derived(Purpose::CsrfToken) }
    }
}

impl Auth {
    /// Whose session this is. One that was opened under another password is ended on the way.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn session(&self, key: &str) -> Result<Session, AuthError> {
        let Some((digest, row)) = self.find_session(key).await? else {
            return Ok(Session::Gone);
        };
        let user = match row.user_id {
            Some(user_id) => self.find_user(user_id).await?,
            None => None,
        };
        let Some(user) = user.filter(|user| user.is_active) else {
            return Ok(Session::OfNobody);
        };
        if !self.is_of_password(&row, &user) {
            self.store().delete_session(digest, None).await?;
            return Ok(Session::Gone);
        }
        Ok(Session::Of(Box::new(Principal { session: Some(row.id), ..Principal::of_user(user) })))
    }

    /// Opens a session and answers its key. The one that was `presented` ends with that, but for one of the same user
    /// where logins go on under their id.
    ///
    /// # Errors
    ///
    /// As [`Auth::obtain_pair`].
    pub async fn sign_in_session(
        &self,
        credentials: Credentials,
        presented: Option<&str>,
        caller: &Caller,
    ) -> Result<Secret<String>, AuthError> {
        let user = self.sign_in(credentials, caller).await?;
        let (now, rules) = (self.now(), &self.settings().sessions);
        let expires_at = now + rules.cookie_age;
        let event = self.session_event(EventKind::SignedIn, Some(user.id), now, caller);
        let found = match presented {
            Some(key) => self.find_session(key).await?.map(|(digest, row)| (key, digest, row)),
            None => None,
        };
        if let Some((key, digest, row)) = &found
            && !rules.new_id_at_login
            && row.user_id == Some(user.id)
            && self.is_of_password(row, &user)
            && self.store().renew_session(*digest, user.id, now, expires_at, &event).await?
        {
            return Ok(Secret::from(*key));
        }
        let key = Secret::new(self.entropy().text(KEY_LENGTH, KEY_LETTERS));
        let session = NewSession {
            digest: SessionDigest::of(key.expose()),
            id: SessionId(self.entropy().bytes()),
            user_id: user.id,
            auth_hash: self.password_tag(&user),
            created_at: now,
            expires_at,
            user_agent: caller.user_agent.clone(),
            address: caller.address(),
        };
        let replaces = found.map(|(_, digest, _)| digest);
        // Two keys of 165 random bits are never the same: whoever makes no session has been deleted meanwhile.
        let cap = self.sign_in_cap(&user);
        match self.store().create_session_within(&session, replaces, cap.as_ref(), &event).await? {
            Opened::Done => Ok(key),
            Opened::Taken => Err(AuthError::WrongCredentials),
            Opened::Full => Err(AuthError::TooManySignIns),
        }
    }

    /// Ends a session, if there is one.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn sign_out_session(&self, key: &str, caller: &Caller) -> Result<(), AuthError> {
        let Some((digest, row)) = self.find_session(key).await? else {
            return Ok(());
        };
        let event = self.session_event(EventKind::SignedOut, row.user_id, self.now(), caller);
        self.store().delete_session(digest, Some(&event)).await?;
        Ok(())
    }

    /// What makes a CSRF token good for one session and no other.
    pub(crate) fn csrf_tag(&self, session_key: &str, nonce: &str) -> [u8; 32] {
        self.0.session_keys.csrf.tag(format!("{nonce}:{session_key}").as_bytes())
    }

    async fn find_session(&self, key: &str) -> Result<Option<(SessionDigest, SessionRow)>, AuthError> {
        if key.len() != KEY_LENGTH {
            return Ok(None);
        }
        let digest = SessionDigest::of(key);
        Ok(self.store().find_session(digest, self.now()).await?.map(|row| (digest, row)))
    }

    fn is_of_password(&self, row: &SessionRow, user: &User) -> bool {
        self.0.session_keys.password.verify(&password_of(user), &row.auth_hash)
    }

    pub(super) fn password_tag(&self, user: &User) -> [u8; 32] {
        self.0.session_keys.password.tag(&password_of(user))
    }

    fn session_event(&self, kind: EventKind, user_id: Option<i64>, at: Timestamp, caller: &Caller) -> NewEvent {
        let detail = Some("session".to_owned());
        NewEvent { at, kind, user_id, family: None, address: caller.address(), detail }
    }
}

/// The stored hash is as good as the password itself for telling a change, and so is the user that it belongs to.
fn password_of(user: &User) -> Vec<u8> {
    format!("{}:{}", user.id, user.password.expose()).into_bytes()
}

/// As in Django: 32 lower-case letters and digits.
const KEY_LENGTH: usize = 32;
const KEY_LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
