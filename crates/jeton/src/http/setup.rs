//! `/setup/`: the page on which the first administrator is made, with the code from the terminal.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use jeton_token::secret::Secret;

use super::App;
use super::body::Data;
use super::error::ApiError;
use super::fields::{Blanks, Fields};
use super::language::Language;
use super::messages::{self, Message};
use super::pages::{Frame, Notice, html};
use super::principal::{Anybody, Caller};
use super::routing;
use crate::auth::{self, Account, AuthError, NewPassword, SetupError, UserError};
use crate::passwords::Person;
use crate::settings::Endpoint;

/// Where the page is.
pub const SETUP_PATH: &str = "/setup/";

/// The form.
#[derive(Template)]
#[template(path = "setup.html")]
struct Form {
    frame: Frame,
    action: &'static str,
    error: Option<String>,
}

/// What one does next.
#[derive(Template)]
#[template(path = "setup_done.html")]
struct Done {
    frame: Frame,
    welcome: String,
    curl: String,
}

pub(super) async fn form(State(app): State<App>, language: Language) -> Response {
    let frame = Frame::new(&app, language);
    match app.auth.store().is_any_superuser().await {
        Ok(false) => html(StatusCode::OK, &Form { frame, action: SETUP_PATH, error: None }),
        Ok(true) => routing::not_found(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            let title = frame.say("The database is not available.");
            html(StatusCode::SERVICE_UNAVAILABLE, &Notice { frame, title })
        }
    }
}

pub(super) async fn submit(
    State(app): State<App>,
    caller: Caller<Anybody>,
    language: Language,
    data: Result<Data, ApiError>,
) -> Response {
    let read = data.and_then(|data| {
        let mut fields = Fields::of(&data.0)?;
        let code = Secret::new(fields.text("code", Blanks::Trim));
        let username = fields.text("username", Blanks::Trim);
        let password = Secret::new(fields.text("password", Blanks::Keep));
        fields.finish((code, username, password))
    });
    let frame = Frame::new(&app, language);
    let Ok((code, username, password)) = read else {
        let error = Some(frame.say("Code, username and password are all needed."));
        return html(StatusCode::BAD_REQUEST, &Form { frame, action: SETUP_PATH, error });
    };
    match set_up(&app, &code, username, password, &caller).await {
        Ok(username) => {
            let path = app.first_path(Endpoint::TokenObtain).unwrap_or_default();
            let welcome = Message::new("Welcome, {username}.").with("username", username.as_str()).text(language);
            let curl = format!("curl -d 'username={username}' --data-urlencode 'password=…' {path}");
            html(StatusCode::CREATED, &Done { frame, welcome, curl })
        }
        Err(error) => {
            let message = Some(why_not(&error, language));
            let mut response = html(status_of(&error), &Form { frame, action: SETUP_PATH, error: message });
            if let SetupError::Refused(AuthError::Throttled { retry_after }) = error {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after.as_secs() + 1));
            }
            response
        }
    }
}

async fn set_up(
    app: &App,
    code: &Secret<String>,
    username: String,
    password: Secret<String>,
    caller: &auth::Caller,
) -> Result<String, SetupError> {
    let person = Person { username: &username, ..Person::default() };
    app.auth.check_new_password(&password, person)?;
    let account = Account { username: username.clone(), password: NewPassword::Plain(password), ..Account::default() };
    app.auth.set_up(code, account, caller).await?;
    Ok(username)
}

fn why_not(error: &SetupError, language: Language) -> String {
    match error {
        SetupError::User(UserError::WeakPassword(weaknesses)) => {
            let texts: Vec<String> = weaknesses.iter().map(|&found| messages::weakness(found).text(language)).collect();
            texts.join(" ")
        }
        SetupError::WrongCode | SetupError::Refused(_) | SetupError::User(_) => {
            Message::of(error.to_string()).text(language)
        }
    }
}

fn status_of(error: &SetupError) -> StatusCode {
    match error {
        SetupError::WrongCode => StatusCode::FORBIDDEN,
        SetupError::Refused(AuthError::Throttled { .. }) => StatusCode::TOO_MANY_REQUESTS,
        SetupError::Refused(_) => StatusCode::SERVICE_UNAVAILABLE,
        SetupError::User(UserError::Store(_) | UserError::Password(_)) => StatusCode::SERVICE_UNAVAILABLE,
        SetupError::User(
            UserError::BadUsername | UserError::Taken | UserError::WeakPassword(_) | UserError::LongHash,
        ) => StatusCode::BAD_REQUEST,
    }
}
