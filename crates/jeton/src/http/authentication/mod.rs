//! Who sends a request: the authentication classes, tried in order before a view runs.

mod auth_token;
mod basic;
mod bearer;
mod header;
mod jwt_header;
mod session;

use axum::extract::Request;
use axum::http::HeaderValue;

#[cfg(feature = "fuzzing")]
pub(super) use bearer::bearer_token;
pub(super) use bearer::bearer_word;

use super::App;
use super::error::ApiError;
use crate::auth::{AuthError, Principal};
use crate::settings::{AuthenticationClass, Settings};

/// Who may call a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Anybody, and nobody is asked who they are. What is refused has Simple JWT's challenge.
    Anybody,
    /// Anybody; but whoever shows credentials to one of the configured classes has to show good ones.
    Tried,
    /// Whom one of the configured classes recognises.
    Known,
    /// Whom the header of hand-made tokens names.
    HandMade,
}

/// What is known of a caller before the view runs.
pub(super) struct Authentication {
    /// Who it is, if they showed credentials that are good; the refusal, if they are bad.
    pub(super) principal: Result<Option<Principal>, ApiError>,
    /// A session was looked for, or a token in a cookie, so that the answer depends on cookies.
    pub(super) looked_at_session: bool,
    /// `Set-Cookie` headers that this gave rise to.
    pub(super) cookies: Vec<HeaderValue>,
}

/// On an answer whose view looked for a session by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct LookedAtSession;

impl Callers {
    /// The classes that are tried, in order.
    pub(super) fn classes(self, settings: &Settings) -> &[AuthenticationClass] {
        match self {
            Self::Anybody => &[],
            Self::Tried | Self::Known => &settings.authentication.classes,
            Self::HandMade => &[AuthenticationClass::JwtHeader],
        }
    }

    /// What a 401 of such a view asks for. Where the first class has no challenge there is none, and no 401.
    pub(super) fn challenge(self, settings: &Settings) -> Option<HeaderValue> {
        let class = match self {
            Self::Anybody => AuthenticationClass::Jwt,
            Self::Tried | Self::Known | Self::HandMade => *self.classes(settings).first()?,
        };
        match class {
            AuthenticationClass::Jwt | AuthenticationClass::JwtStateless => Some(bearer::challenge(settings)),
            AuthenticationClass::Basic => Some(HeaderValue::from_static("Basic realm=\"api\"")),
            AuthenticationClass::Token => Some(auth_token::challenge(settings)),
            AuthenticationClass::Session | AuthenticationClass::JwtHeader => None,
        }
    }
}

/// Tries the classes of a view. The first that recognises credentials decides, for good or for bad.
///
/// The request is changed only if a class has to look into the body: then its body is one that was read.
pub(super) async fn authenticate(app: &App, callers: Callers, request: &mut Request) -> Authentication {
    let mut authentication = Authentication { principal: Ok(None), looked_at_session: false, cookies: Vec::new() };
    let (parts, mut body) = std::mem::take(request).into_parts();
    for &class in callers.classes(app.settings()) {
        let tried = match class {
            AuthenticationClass::Jwt => {
                bearer::authenticate(app, &parts, bearer::User::LookedUp, &mut authentication).await
            }
            AuthenticationClass::JwtStateless => {
                bearer::authenticate(app, &parts, bearer::User::Claimed, &mut authentication).await
            }
            AuthenticationClass::Session => session::authenticate(app, &parts, &mut body, &mut authentication).await,
            AuthenticationClass::Basic => basic::authenticate(app, &parts).await,
            AuthenticationClass::Token => auth_token::authenticate(app, &parts.headers).await,
            AuthenticationClass::JwtHeader => jwt_header::authenticate(app, &parts.headers).await,
        };
        authentication.principal = tried;
        if !matches!(authentication.principal, Ok(None)) {
            break;
        }
    }
    *request = Request::from_parts(parts, body);
    if callers.must_be_known() && matches!(authentication.principal, Ok(None)) {
        authentication.principal = Err(AuthError::NotAuthenticated.into());
    }
    authentication
}

impl Callers {
    fn must_be_known(self) -> bool {
        match self {
            Self::Anybody | Self::Tried => false,
            Self::Known | Self::HandMade => true,
        }
    }
}
