//! `/setup/`: the page on which the first administrator is made, with the code from the terminal.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jeton_token::secret::Secret;

use super::App;
use super::body::Data;
use super::error::ApiError;
use super::fields::{Blanks, Fields};
use super::render::{escape, page, page_policy};
use super::routing;
use crate::auth::{Account, NewPassword, SetupError, UserError};
use crate::passwords::Person;

/// Where the page is.
pub const SETUP_PATH: &str = "/setup/";

pub(super) async fn form(State(app): State<App>) -> Response {
    match app.auth.store().is_any_superuser().await {
        Ok(false) => html(StatusCode::OK, &form_page(None)),
        Ok(true) => routing::not_found(),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            html(StatusCode::SERVICE_UNAVAILABLE, &page("Setup", "<h1>The database is not available.</h1>"))
        }
    }
}

pub(super) async fn submit(State(app): State<App>, data: Result<Data, ApiError>) -> Response {
    let read = data.and_then(|data| {
        let mut fields = Fields::of(&data.0)?;
        let code = Secret::new(fields.text("code", Blanks::Trim));
        let username = fields.text("username", Blanks::Trim);
        let password = Secret::new(fields.text("password", Blanks::Keep));
        fields.finish((code, username, password))
    });
    let Ok((code, username, password)) = read else {
        return html(StatusCode::BAD_REQUEST, &form_page(Some("Code, username and password are all needed.")));
    };
    match set_up(&app, &code, username, password).await {
        Ok(username) => {
            let body = format!(
                "<h1>Welcome, {}.</h1>\n<p>You are this server’s administrator. Sign in with your new password:</p>\n\
                 <pre>curl -d 'username={}' --data-urlencode 'password=…' {}</pre>",
                escape(&username),
                escape(&username),
                escape(&app.obtain_path()),
            );
            html(StatusCode::CREATED, &page("Administrator made", &body))
        }
        Err(error) => html(status_of(&error), &form_page(Some(&error.to_string()))),
    }
}

async fn set_up(
    app: &App,
    code: &Secret<String>,
    username: String,
    password: Secret<String>,
) -> Result<String, SetupError> {
    let person = Person { username: &username, ..Person::default() };
    app.auth.check_new_password(&password, person)?;
    let account = Account { username: username.clone(), password: NewPassword::Plain(password), ..Account::default() };
    app.auth.set_up(code, account).await?;
    Ok(username)
}

fn status_of(error: &SetupError) -> StatusCode {
    match error {
        SetupError::WrongCode => StatusCode::FORBIDDEN,
        SetupError::User(UserError::Store(_) | UserError::Password(_)) => StatusCode::SERVICE_UNAVAILABLE,
        SetupError::User(
            UserError::BadUsername | UserError::Taken | UserError::WeakPassword(_) | UserError::LongHash,
        ) => StatusCode::BAD_REQUEST,
    }
}

fn form_page(error: Option<&str>) -> String {
    let error = error.map(|error| format!("<p class=\"status bad\" role=\"alert\">{}</p>", escape(error)));
    let body = format!(
        "<h1>Make the first administrator</h1>\n\
         <p>The setup code was printed on the terminal when the server started.</p>\n{}\n\
         <form method=\"post\" action=\"{SETUP_PATH}\" autocomplete=\"off\">\n\
         <label for=\"code\">Setup code</label>\n<input id=\"code\" name=\"code\" required autofocus>\n\
         <label for=\"username\">Username</label>\n\
         <input id=\"username\" name=\"username\" required maxlength=\"150\" autocomplete=\"username\">\n\
         <label for=\"password\">Password</label>\n\
         <input id=\"password\" name=\"password\" type=\"password\" required autocomplete=\"new-password\">\n\
         <button type=\"submit\">Make administrator</button>\n</form>",
        error.unwrap_or_default(),
    );
    page("Make the first administrator", &body)
}

fn html(status: StatusCode, text: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, page_policy()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, text.to_owned()).into_response()
}
