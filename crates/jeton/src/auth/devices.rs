//! Devices: where a user is signed in, what ends there, and how many sign-ins there may be.

use jeton_store::{EventKind, NewEvent, SignIn, SignInCap, SignInCursor, SignInId, User};
use jeton_token::id::Jti;
use jeton_token::rotation::EndReason;

use super::user_key::Named;
use super::{Auth, AuthError, Caller, Identity, Principal};
use crate::settings::WhenFull;

/// A part of the list of a user's sign-ins.
#[derive(Clone, Debug)]
pub struct SignInPage {
    /// The newest first, at most [`SignInPage::LIMIT`].
    pub sign_ins: Vec<SignIn>,
    /// The one that the request was made with.
    pub current: Option<SignInId>,
    /// Where the list goes on.
    pub next: Option<SignInCursor>,
}

impl SignInPage {
    /// How many sign-ins are told at once.
    pub const LIMIT: u32 = 100;
}

impl Auth {
    /// Where the caller is signed in.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserNotFound`] for a token that names nobody, [`AuthError::Store`].
    pub async fn own_sign_ins(
        &self,
        principal: &Principal,
        past: Option<SignInCursor>,
    ) -> Result<SignInPage, AuthError> {
        let user = self.user_behind(principal).await?;
        let mut sign_ins = self.sign_ins(&user, past, SignInPage::LIMIT + 1).await?;
        let has_more = sign_ins.len() > SignInPage::LIMIT as usize;
        sign_ins.truncate(SignInPage::LIMIT as usize);
        let next = sign_ins.last().filter(|_| has_more).map(SignIn::cursor);
        Ok(SignInPage { current: self.sign_in_behind(principal), sign_ins, next })
    }

    /// Ends one of the caller's sign-ins, the current one included. False if there is none of that name, or it is
    /// somebody else's: which of both is not to be told apart.
    ///
    /// # Errors
    ///
    /// As [`Auth::own_sign_ins`].
    pub async fn end_own_sign_in(
        &self,
        principal: &Principal,
        id: SignInId,
        caller: &Caller,
    ) -> Result<bool, AuthError> {
        let user = self.user_behind(principal).await?;
        let found = self.store().find_sign_in(id, self.now()).await?;
        match found.filter(|sign_in| sign_in.user_id == Some(user.id)) {
            Some(sign_in) => self.end_one(&sign_in, EndReason::Logout, caller.address()).await,
            None => Ok(false),
        }
    }

    /// Where a user is signed in, the newest first.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn sign_ins(
        &self,
        user: &User,
        past: Option<SignInCursor>,
        limit: u32,
    ) -> Result<Vec<SignIn>, AuthError> {
        let auth_hash = self.password_tag(user);
        Ok(self.store().list_sign_ins(user.id, auth_hash, past, limit, self.now()).await?)
    }

    /// Ends a sign-in for an operator. False if it ended meanwhile.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn revoke_sign_in(&self, sign_in: &SignIn) -> Result<bool, AuthError> {
        self.end_one(sign_in, EndReason::Operator, None).await
    }

    /// Ends every sign-in of a user for an operator: families and sessions, in one transaction.
    ///
    /// # Errors
    ///
    /// [`AuthError::Store`].
    pub async fn revoke_sign_ins(&self, user: &User) -> Result<(), AuthError> {
        let (now, reason) = (self.now(), EndReason::Operator);
        let event = NewEvent {
            at: now,
            kind: EventKind::SignedOutEverywhere,
            user_id: Some(user.id),
            family: None,
            address: None,
            detail: Some(reason.as_str().to_owned()),
        };
        self.store().end_families_of_user(user.id, reason, true, now, &event).await?;
        Ok(())
    }

    /// How many sign-ins this user may have, where that is limited.
    pub(super) fn sign_in_cap(&self, user: &User) -> Option<SignInCap> {
        let devices = &self.settings().devices;
        Some(SignInCap {
            at_most: devices.max_per_user?,
            when_full: match devices.when_full {
                WhenFull::NewestWins => jeton_store::WhenFull::NewestWins,
                WhenFull::Refuse => jeton_store::WhenFull::Refuse,
            },
            auth_hash: self.password_tag(user),
        })
    }

    async fn end_one(&self, sign_in: &SignIn, reason: EndReason, address: Option<String>) -> Result<bool, AuthError> {
        let now = self.now();
        let by_owner = reason == EndReason::Logout;
        let event = |kind, family, detail: Option<&str>| NewEvent {
            at: now,
            kind: if by_owner { EventKind::SignedOut } else { kind },
            user_id: sign_in.user_id,
            family,
            address: address.clone(),
            detail: detail.map(str::to_owned),
        };
        let told = (!by_owner).then(|| reason.as_str());
        Ok(match sign_in.id {
            SignInId::Family(key) => {
                let event = event(EventKind::FamilyEnded, Some(key), told);
                self.store().end_family(key, reason, None, now, &event).await?
            }
            SignInId::Session(id) => {
                let event = event(EventKind::SessionEnded, None, told.or(Some("session")));
                self.store().end_session(id, &event).await?
            }
        })
    }

    /// The user of a caller. A token that was believed without a look is looked at here: what it claims may be a name.
    async fn user_behind(&self, principal: &Principal) -> Result<User, AuthError> {
        match &principal.identity {
            Identity::User(user) => Ok(User::clone(user)),
            Identity::Claims { id, .. } => match self.user_of_claim(id).await? {
                Named::One(user) => Ok(*user),
                Named::Nobody | Named::Unknown => Err(AuthError::UserNotFound),
            },
        }
    }

    /// The sign-in that a request was made with: its session, or the family of its token.
    fn sign_in_behind(&self, principal: &Principal) -> Option<SignInId> {
        if let Some(id) = principal.session {
            return Some(SignInId::Session(id));
        }
        let jti = principal.claims.text(self.tokens().policy().jti_claim.as_deref()?)?;
        Some(SignInId::Family(Jti::parse(jti)?.family()))
    }
}

/// The program and the system that a user agent names, in a word each; else the first word of it.
///
/// ```
/// use jeton::auth::device_name;
///
/// let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
/// assert_eq!(device_name(firefox), "Firefox, Linux");
/// assert_eq!(device_name("curl/8.5.0"), "curl");
/// ```
pub fn device_name(user_agent: &str) -> String {
    let named = |table: &[(&str, &'static str)]| {
        table.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    match (named(PROGRAMS), named(SYSTEMS)) {
        (Some(program), Some(system)) => format!("{program}, {system}"),
        (Some(name), None) => name.to_owned(),
        (None, system) => {
            let word = user_agent.split([' ', '/', '(']).next().unwrap_or_default();
            let word: String = word.chars().filter(|letter| !letter.is_control()).take(NAME_LENGTH).collect();
            system.map_or_else(|| word.clone(), |system| format!("{word}, {system}"))
        }
    }
}

/// What programs have in their user agents, those first that name others, too.
const PROGRAMS: &[(&str, &str)] = &[
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Whale/", "Whale"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: &[(&str, &str)] = &[
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];
const NAME_LENGTH: usize = 40;

#[cfg(test)]
mod tests {
    use super::device_name;

    #[test]
    fn a_device_has_a_short_name() {
        for (user_agent, name) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 \
                 Safari/537.36 Edg/142.0.0.0",
                "Edge, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36", "Chrome, Android"),
            ("python-requests/2.32.3", "python-requests"),
            ("MyApp/3 (Android 15; Pixel 9)", "MyApp, Android"),
            ("", ""),
            ("\u{1b}[2J", "[2J"),
        ] {
            assert_eq!(device_name(user_agent), name);
        }
        assert_eq!(device_name(&"x".repeat(512)).len(), 40);
    }
}
