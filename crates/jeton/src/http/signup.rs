//! `/api/v1/signup/`: a stranger becomes a user, and is signed in as by the cookie flow.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jeton_token::secret::Secret;

use super::App;
use super::body::Data;
use super::contract::{Refusal, Success};
use super::cookie::{envelope, members, set_cookies};
use super::csrf::FromTrustedSite;
use super::error::ApiError;
use super::fields::{Blanks, Fields};
use super::messages::{self, Message};
use super::principal::{Anybody, Caller};
use super::view::{Field, View};
use crate::auth::{Applicant, AuthError, Email, EmailFlaw, NameFlaw, SignUpError, Username};
use crate::settings::Usernames;

pub(super) static SIGNUP: View = View::open(
    "Cookie Signup",
    "Makes a user and signs them in: an access token, and a refresh token in a cookie.",
    &[
        Field::required("username", "Username")
            .max_length(150)
            .help("Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.")
            .translated(),
        Field::required("password", "Password"),
        Field::optional("email", "Email address").kind("email").max_length(254).translated(),
    ],
)
.success(Success { status: 201, members: |_| Some(members(true)) })
.refusals(&[Refusal::new(403, "Sign-up is closed, or another site sent the request.")]);

pub(super) async fn signup(
    State(app): State<App>,
    _: FromTrustedSite,
    caller: Caller<Anybody>,
    headers: HeaderMap,
    data: Data,
) -> Result<Response, ApiError> {
    let admitted = app.auth.admit_applicant(&caller).await?;
    let applicant = applicant(&app, &data).await?;
    let pair = app.auth.sign_up(admitted, applicant, &caller).await?;
    let cookies = set_cookies(&app, &headers, &pair.access, Some(&pair.refresh), &caller);
    Ok(envelope(StatusCode::CREATED, "signup success", Some(&pair.access), cookies))
}

/// Who applies, or all that is wrong with the fields. Whether the password will do is asked when all else is fine.
async fn applicant(app: &App, data: &Data) -> Result<Applicant, ApiError> {
    let (names, is_email_required) = (&app.settings().usernames, app.settings().signup.email_required);
    let mut fields = Fields::of(&data.0)?;
    let parse = |typed, characters| username(typed, characters, names);
    let username = fields.parsed("username", Blanks::Trim, messages::NOT_A_STRING, parse);
    if let Some(username) = &username
        && app.auth.is_taken(username).await.map_err(AuthError::from)?
    {
        fields.refuse("username", messages::USERNAME_TAKEN);
    }
    let password = Secret::new(fields.text("password", Blanks::Significant));
    let email = match is_email_required {
        true => fields.parsed("email", Blanks::Trim, messages::BAD_EMAIL, email),
        false => fields.optional("email", Blanks::Trim, messages::BAD_EMAIL, email),
    };
    fields.complete(username.zip(email).map(|(username, email)| Applicant { username, password, email }))
}

fn username(typed: String, characters: Vec<Message>, rules: &Usernames) -> Result<Username, Vec<Message>> {
    let flaws = match Username::parse(typed, rules) {
        Ok(username) if characters.is_empty() => return Ok(username),
        Ok(_) => Vec::new(),
        Err(flaws) => flaws,
    };
    let flaws = flaws.into_iter().map(|flaw| match flaw {
        NameFlaw::Letters => messages::BAD_USERNAME.into(),
        NameFlaw::Length => messages::max_length(Username::MAX_LENGTH),
    });
    Err(flaws.chain(characters).collect())
}

fn email(typed: String, characters: Vec<Message>) -> Result<Email, Vec<Message>> {
    let flaws = match Email::parse(typed) {
        Ok(email) if characters.is_empty() => return Ok(email),
        Ok(_) => Vec::new(),
        Err(flaws) => flaws,
    };
    let told = |wanted: EmailFlaw, message: Message| flaws.contains(&wanted).then_some(message);
    let length = told(EmailFlaw::Length, messages::max_length(Email::MAX_LENGTH));
    let form = told(EmailFlaw::Form, messages::BAD_EMAIL.into());
    Err(length.into_iter().chain(characters).chain(form).collect())
}

impl From<SignUpError> for ApiError {
    fn from(error: SignUpError) -> Self {
        let field = |name: &str, messages| Self::Fields(vec![(name.to_owned(), messages)]);
        match error {
            SignUpError::Closed => Self::SignupClosed,
            SignUpError::Taken => field("username", vec![messages::USERNAME_TAKEN.into()]),
            SignUpError::WeakPassword(weaknesses) => {
                field("password", weaknesses.into_iter().map(messages::weakness).collect())
            }
            SignUpError::Auth(error) => Self::Auth(error),
        }
    }
}
