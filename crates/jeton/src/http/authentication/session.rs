//! `session`: the session that a cookie names. What it may change is checked against forgery.

use axum::body::Body;
use axum::http::request::Parts;

use super::super::App;
use super::super::csrf;
use super::super::error::ApiError;
use super::super::principal::arrived;
use super::super::session;
use super::Authentication;
use crate::auth::{Principal, Session};

pub(super) async fn authenticate(
    app: &App,
    parts: &Parts,
    body: &mut Body,
    authentication: &mut Authentication,
) -> Result<Option<Principal>, ApiError> {
    authentication.looked_at_session = true;
    let Some(key) = session::session_key(app, &parts.headers) else {
        return Ok(None);
    };
    match app.auth.session(&key).await? {
        Session::Gone => {
            authentication.cookies.extend(session::deleted_cookie(app, &parts.headers));
            Ok(None)
        }
        Session::OfNobody => Ok(None),
        Session::Of(principal) => {
            let checked = csrf::check(app, parts, body, &key).await;
            if let Err(ApiError::CsrfOfAnotherSession) = &checked {
                let now = arrived(parts, app);
                authentication.cookies.extend(csrf::new_cookie(app, &parts.headers, Some(&key), now));
            }
            checked.map(|()| Some(*principal))
        }
    }
}
