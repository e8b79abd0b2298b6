//! From failures to status codes, bodies and log lines. The only place that does either.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jeton_token::error::TokenError;
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::messages;
use crate::auth::{AuthError, Rejection};
use crate::settings::TokenClass;

/// A request was refused.
#[derive(Debug)]
pub(super) enum ApiError {
    /// A use case refused it.
    Auth(AuthError),
    /// Fields, each with what is wrong with it, in their order.
    Fields(Vec<(String, Vec<String>)>),
    /// The body is not an object.
    NotAnObject(String),
    /// The body cannot be read.
    Parse(String),
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
    /// No format is acceptable.
    NotAcceptable,
    /// The view has no such method.
    MethodNotAllowed(String),
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        Self::Auth(error)
    }
}

/// Marks an answer that the view completes with its challenge.
#[derive(Clone, Copy)]
pub(super) struct Challenged;

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let answer = self.answer();
        let challenged = answer.status == StatusCode::UNAUTHORIZED;
        let mut response = answer.into_response();
        if challenged {
            response.extensions_mut().insert(Challenged);
        }
        response
    }
}

impl ApiError {
    fn answer(self) -> Answer {
        match self {
            Self::Auth(error) => auth_answer(error),
            Self::Fields(errors) => {
                let fields: Map<String, Value> = errors.into_iter().map(|(name, all)| (name, all.into())).collect();
                Answer::new(StatusCode::BAD_REQUEST, fields)
            }
            Self::NotAnObject(message) => Answer::new(StatusCode::BAD_REQUEST, json!({"non_field_errors": [message]})),
            Self::Parse(message) => detail(StatusCode::BAD_REQUEST, &message),
            Self::Duplicate(name) => detail(StatusCode::BAD_REQUEST, &format!("Duplicate field \"{name}\".")),
            Self::UnsupportedMediaType(media_type) => {
                detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, &messages::unsupported_media_type(&media_type))
            }
            Self::TooLarge { max_bytes } => {
                let message = format!("The body is longer than {max_bytes} bytes.");
                detail(StatusCode::PAYLOAD_TOO_LARGE, &message)
            }
            Self::BodyTimeout => detail(StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time."),
            Self::BodyBroken => detail(StatusCode::BAD_REQUEST, "The body did not arrive complete."),
            Self::FormatNotFound => detail(StatusCode::NOT_FOUND, messages::NOT_FOUND),
            Self::NotAcceptable => detail(StatusCode::NOT_ACCEPTABLE, messages::NOT_ACCEPTABLE),
            Self::MethodNotAllowed(method) => {
                detail(StatusCode::METHOD_NOT_ALLOWED, &messages::method_not_allowed(&method))
            }
        }
    }
}

fn auth_answer(error: AuthError) -> Answer {
    let message = error.to_string();
    let coded = |code: &str| Answer::new(StatusCode::UNAUTHORIZED, json!({"detail": message.clone(), "code": code}));
    match error {
        AuthError::Token(error) => {
            log_refused_token(&error);
            coded("token_not_valid")
        }
        AuthError::NoUserIdentification => coded("token_not_valid"),
        AuthError::BadAuthorizationHeader => coded("bad_authorization_header"),
        AuthError::UserNotFound => coded("user_not_found"),
        AuthError::UserInactive => coded("user_inactive"),
        AuthError::PasswordChanged => coded("password_changed"),
        AuthError::NotValidForAnyType(rejections) => {
            let messages: Vec<Value> = rejections.iter().map(rejection).collect();
            let body = json!({"detail": message, "code": "token_not_valid", "messages": messages});
            Answer::new(StatusCode::UNAUTHORIZED, body)
        }
        AuthError::WrongCredentials | AuthError::NoActiveAccount | AuthError::NotAuthenticated => {
            detail(StatusCode::UNAUTHORIZED, &message)
        }
        AuthError::VerifiedBlacklisted => Answer::new(StatusCode::BAD_REQUEST, json!({"non_field_errors": [message]})),
        AuthError::NotOwner => detail(StatusCode::FORBIDDEN, &message),
        AuthError::Overloaded { retry_after } => {
            tracing::warn!("the queue for checking passwords is full: see passwords.threads and passwords.queue");
            unavailable(&message, retry_after)
        }
        AuthError::Store(error) => {
            tracing::error!(%error, "the database did not answer");
            unavailable(&message, Duration::from_secs(1))
        }
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

fn rejection(rejection: &Rejection) -> Value {
    let (class, token_type) = match rejection.class {
        TokenClass::Access => ("AccessToken", "access"),
        TokenClass::Refresh => ("RefreshToken", "refresh"),
        TokenClass::Sliding => ("SlidingToken", "sliding"),
        TokenClass::Untyped => ("UntypedToken", "untyped"),
    };
    json!({"token_class": class, "token_type": token_type, "message": rejection.error.to_string()})
}

/// What is wrong with a token is for the operator alone.
fn log_refused_token(error: &TokenError) {
    if let TokenError::Invalid(flaw) = error {
        tracing::debug!(?flaw, "a token was refused");
    }
}

fn unavailable(message: &str, retry_after: Duration) -> Answer {
    let seconds = retry_after.as_secs().max(1);
    detail(StatusCode::SERVICE_UNAVAILABLE, message).with(header::RETRY_AFTER, HeaderValue::from(seconds))
}

fn detail(status: StatusCode, message: &str) -> Answer {
    Answer::new(status, json!({"detail": message}))
}
