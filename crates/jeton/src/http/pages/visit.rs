//! A request that is answered by a page.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Response, header};

use super::{AnswerPage, CONTENT_TYPE, Frame, policy, text};
use crate::auth::{Identity, Principal};
use crate::http::answer::Answer;
use crate::http::cookies::add_cookie;
use crate::http::principal::arrived;
use crate::http::view::{View, extend};
use crate::http::{App, csrf, proxy};

/// What a page tells of the request it answers.
#[derive(Debug)]
pub(in crate::http) struct Visit {
    pub(super) method: Method,
    pub(super) path: String,
    /// The address it was sent to, as people type it.
    pub(super) address: String,
    /// The caller was let in, so that forms make sense.
    pub(super) is_let_in: bool,
    /// Who the caller is, if that is known.
    pub(super) username: Option<String>,
    /// The masked token of the page's forms.
    pub(super) csrf_token: String,
    /// Sets the secret of the page's forms.
    cookie: Option<HeaderValue>,
}

impl Visit {
    pub(in crate::http) fn new(app: &App, parts: &Parts) -> Self {
        let (csrf_token, cookie) = csrf::form_token(app, &parts.headers, arrived(parts, app));
        let scheme = if proxy::is_secure(parts, app) { "https" } else { "http" };
        let path = parts.uri.path().to_owned();
        Self {
            method: parts.method.clone(),
            address: format!("{scheme}://{}{path}", proxy::host(parts).unwrap_or_default()),
            path,
            is_let_in: true,
            username: None,
            csrf_token,
            cookie,
        }
    }

    /// The caller may not come in.
    pub(in crate::http) fn turn_away(&mut self) {
        self.is_let_in = false;
    }

    /// The caller may come in, known or not.
    pub(in crate::http) fn welcome(&mut self, principal: Option<&Principal>) {
        self.username = match principal.map(|principal| &principal.identity) {
            Some(Identity::User(user)) => Some(user.username.clone()),
            Some(Identity::Claims { username, .. }) => username.as_str().map(str::to_owned),
            None => None,
        };
    }

    /// Writes an answer as a page.
    pub(in crate::http) fn write(
        mut self,
        response: &mut Response<Body>,
        answer: Answer,
        frame: Frame,
        view: &'static View,
    ) {
        let Answer { status, data, headers } = answer;
        let cookie = self.cookie.take();
        let page = AnswerPage::new(frame, view, self, status, &headers, data.as_ref());
        *response.status_mut() = status;
        extend(response.headers_mut(), headers);
        let own = response.headers_mut();
        own.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        own.insert(header::CONTENT_SECURITY_POLICY, policy());
        cookie.into_iter().for_each(|cookie| add_cookie(own, cookie));
        *response.body_mut() = Body::from(text(&page));
    }
}
