//! From failures to status codes, bodies and log lines. The only place that does either.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jeton_token::error::{Flaw, TokenError};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::language::Language;
use super::messages::{self, Message};
use crate::auth::{AuthError, HandMadeError, Refusal, RefusalStatus, Rejection};
use crate::settings::{ErrorTexts, TokenClass};

/// A request was refused.
#[derive(Debug)]
pub(super) enum ApiError {
    /// A use case refused it.
    Auth(AuthError),
    /// Fields, each with what is wrong with it, in their order.
    Fields(Vec<(String, Vec<Message>)>),
    /// What is wrong is no single field's fault.
    NonField(Message),
    /// The body cannot be read.
    Parse(Message),
    /// A field stands in the body twice.
    Duplicate(String),
    /// No parser takes the body.
    UnsupportedMediaType(String),
    /// The body is longer than the limit.
    TooLarge { max_bytes: usize },
    /// The body did not come in time.
    BodyTimeout,
    /// The connection broke off within the body.
    BodyBroken,
    /// `?format=` names no format.
    FormatNotFound,
    /// There is no such thing, or it is none of the caller's business.
    NotFound,
    /// A list does not go on there.
    InvalidCursor,
    /// No format is acceptable.
    NotAcceptable,
    /// `signup.enabled` is off.
    SignupClosed,
    /// The view has no such method.
    MethodNotAllowed(String),
    /// Credentials that a class recognised are not good.
    AuthenticationFailed(&'static str),
    /// A session login was refused; why is not told.
    SessionRefused,
    /// A session may not be used like this.
    Csrf(String),
    /// A CSRF token that is good, but not for this session.
    CsrfOfAnotherSession,
    /// The page of another site sent the request: this one.
    ForeignOrigin(String),
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        Self::Auth(error)
    }
}

/// A refusal on its way to the view, which knows the language to say it in and the challenge to send with it.
#[derive(Clone)]
pub(super) struct Refused(Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(Refused::from(self));
        response
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(Arc::new(error))
    }
}

impl Refused {
    /// The answer. A 401 has the challenge of its view; where a view has none, it is a 403 of the same words.
    pub(super) fn answer(&self, language: Language, texts: ErrorTexts, challenge: Option<HeaderValue>) -> Answer {
        let mut answer = self.0.answer(language, texts);
        if answer.status == StatusCode::UNAUTHORIZED {
            match challenge {
                Some(challenge) => return answer.with(header::WWW_AUTHENTICATE, challenge),
                None => answer.status = StatusCode::FORBIDDEN,
            }
        }
        answer
    }
}

impl ApiError {
    fn answer(&self, language: Language, texts: ErrorTexts) -> Answer {
        let detail = |status, message: Message| detail(status, &message.text(language));
        match self {
            Self::Auth(error) => auth_answer(error, language, texts),
            Self::Fields(errors) => {
                let texts = |all: &[Message]| -> Vec<_> { all.iter().map(|message| message.text(language)).collect() };
                let field = |(name, all): &(String, Vec<Message>)| (name.clone(), texts(all).into());
                let fields: Map<String, Value> = errors.iter().map(field).collect();
                Answer::new(StatusCode::BAD_REQUEST, fields)
            }
            Self::NonField(message) => {
                Answer::new(StatusCode::BAD_REQUEST, json!({"non_field_errors": [message.text(language)]}))
            }
            Self::Parse(message) => detail(StatusCode::BAD_REQUEST, message.clone()),
            Self::Duplicate(name) => {
                detail(StatusCode::BAD_REQUEST, Message::new("Duplicate field \"{name}\".").with("name", name))
            }
            Self::UnsupportedMediaType(media_type) => {
                detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, messages::unsupported_media_type(media_type))
            }
            Self::TooLarge { max_bytes } => {
                let message = Message::new("The body is longer than {bytes} bytes.");
                detail(StatusCode::PAYLOAD_TOO_LARGE, message.with("bytes", max_bytes.to_string()))
            }
            Self::BodyTimeout => detail(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time.".into()),
            Self::BodyBroken => detail(StatusCode::BAD_REQUEST, "The body did not arrive complete.".into()),
            Self::FormatNotFound | Self::NotFound => detail(StatusCode::NOT_FOUND, messages::NOT_FOUND.into()),
            Self::InvalidCursor => detail(StatusCode::NOT_FOUND, "Invalid cursor.".into()),
            Self::NotAcceptable => detail(StatusCode::NOT_ACCEPTABLE, messages::NOT_ACCEPTABLE.into()),
            Self::SignupClosed => detail(StatusCode::FORBIDDEN, "Sign-up is closed.".into()),
            Self::MethodNotAllowed(method) => {
                detail(StatusCode::METHOD_NOT_ALLOWED, messages::method_not_allowed(method))
            }
            Self::AuthenticationFailed(message) => detail(StatusCode::UNAUTHORIZED, Message::new(message)),
            Self::SessionRefused => Answer::empty(StatusCode::FORBIDDEN),
            Self::Csrf(reason) => detail(StatusCode::FORBIDDEN, messages::csrf_failed(reason)),
            Self::CsrfOfAnotherSession => {
                detail(StatusCode::FORBIDDEN, messages::csrf_failed("CSRF token was not issued for this session."))
            }
            Self::ForeignOrigin(origin) => detail(StatusCode::FORBIDDEN, messages::foreign_origin(origin)),
        }
    }
}

fn auth_answer(error: &AuthError, language: Language, texts: ErrorTexts) -> Answer {
    let message = match error {
        AuthError::Token(error) => token_message(error, texts),
        error => Message::of(error.to_string()),
    };
    let message = message.text(language);
    let coded = |code: &str| Answer::new(StatusCode::UNAUTHORIZED, json!({"detail": message.clone(), "code": code}));
    match error {
        AuthError::Token(error) => {
            log_refused_token(error);
            coded("token_not_valid")
        }
        AuthError::NoUserIdentification => coded("token_not_valid"),
        AuthError::BadAuthorizationHeader => coded("bad_authorization_header"),
        AuthError::UserNotFound => coded("user_not_found"),
        AuthError::UserInactive => coded("user_inactive"),
        AuthError::PasswordChanged => coded("password_changed"),
        AuthError::NotValidForAnyType(rejections) => {
            let messages: Vec<Value> = rejections.iter().map(|found| rejection(found, language, texts)).collect();
            let body = json!({"detail": message, "code": "token_not_valid", "messages": messages});
            Answer::new(StatusCode::UNAUTHORIZED, body)
        }
        AuthError::HandMade(error) => {
            if let HandMadeError::Undecodable(flaw) = error {
                log_flaw(*flaw);
            }
            // The guides translate nothing, not even what a catalogue happens to know.
            let english = error.to_string();
            detail(StatusCode::UNAUTHORIZED, if language.is_filling_gaps() { &message } else { &english })
        }
        AuthError::WrongCredentials
        | AuthError::NoActiveAccount
        | AuthError::NotAuthenticated
        | AuthError::AuthToken(_) => detail(StatusCode::UNAUTHORIZED, &message),
        AuthError::VerifiedBlacklisted => Answer::new(StatusCode::BAD_REQUEST, json!({"non_field_errors": [message]})),
        AuthError::TooManySignIns => {
            Answer::new(StatusCode::FORBIDDEN, json!({"detail": message, "code": "too_many_sessions"}))
        }
        AuthError::NotOwner => detail(StatusCode::FORBIDDEN, &message),
        AuthError::Throttled { retry_after } => {
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            detail(StatusCode::TOO_MANY_REQUESTS, &messages::throttled(language, seconds))
                .with(header::RETRY_AFTER, HeaderValue::from(seconds))
        }
        AuthError::Overloaded { retry_after } => {
            tracing::warn!("the queue for checking passwords is full: see passwords.threads and passwords.queue");
            unavailable(&message, *retry_after)
        }
        AuthError::Store(error) => {
            tracing::error!(%error, "the database did not answer");
            unavailable(&message, Duration::from_secs(1))
        }
        AuthError::Users(error) => {
            tracing::error!(%error, "the app's own users could not be asked");
            unavailable(&message, Duration::from_secs(1))
        }
        AuthError::NoSigningKey => unavailable(&message, Duration::from_secs(1)),
        AuthError::Refused(refusal) => refused(refusal, &message),
        AuthError::HashingUnavailable => {
            tracing::error!("a password could not be hashed");
            unavailable(&message, Duration::from_secs(1))
        }
        AuthError::Contended => {
            tracing::warn!("a family kept changing under a refresh");
            unavailable(&message, Duration::from_secs(1))
        }
    }
}

/// What a hook of the embedder's says.
fn refused(refusal: &Refusal, message: &str) -> Answer {
    let status = match refusal.status {
        RefusalStatus::Invalid => StatusCode::BAD_REQUEST,
        RefusalStatus::Unauthorized => StatusCode::UNAUTHORIZED,
        RefusalStatus::Forbidden => StatusCode::FORBIDDEN,
    };
    match &refusal.code {
        Some(code) => Answer::new(status, json!({"detail": message, "code": code})),
        None => detail(status, message),
    }
}

fn rejection(rejection: &Rejection, language: Language, texts: ErrorTexts) -> Value {
    let (class, token_type) = match rejection.class {
        TokenClass::Access => ("AccessToken", "access"),
        TokenClass::Refresh => ("RefreshToken", "refresh"),
        TokenClass::Sliding => ("SlidingToken", "sliding"),
        TokenClass::Untyped => ("UntypedToken", "untyped"),
    };
    let message = token_message(&rejection.error, texts).text(language);
    json!({"token_class": class, "token_type": token_type, "message": message})
}

/// Simple JWT 5.3 did not tell an expired token from an invalid one.
fn token_message(error: &TokenError, texts: ErrorTexts) -> Message {
    match (texts, error) {
        (ErrorTexts::V5_3, TokenError::Invalid(_) | TokenError::Expired) => Message::new("Token is invalid or expired"),
        (ErrorTexts::V5_3 | ErrorTexts::V5_5, error) => messages::of_token_error(error),
    }
}

/// What is wrong with a token is for the operator alone.
fn log_refused_token(error: &TokenError) {
    if let TokenError::Invalid(flaw) = error {
        log_flaw(*flaw);
    }
}

fn log_flaw(flaw: Flaw) {
    tracing::debug!(?flaw, "a token was refused");
}

fn unavailable(message: &str, retry_after: Duration) -> Answer {
    let seconds = retry_after.as_secs().max(1);
    detail(StatusCode::SERVICE_UNAVAILABLE, message).with(header::RETRY_AFTER, HeaderValue::from(seconds))
}

fn detail(status: StatusCode, message: &str) -> Answer {
    Answer::new(status, json!({"detail": message}))
}
