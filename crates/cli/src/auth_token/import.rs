//! `jeton auth-token import`: keys from a Django site, sealed on the way.

use std::collections::HashSet;

use jeton::auth::Auth;
use jeton_store::{OpenMode, User};
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::output::printable;
use crate::site::SiteArgs;
use crate::words::say;
use crate::{output, user};

/// Take over the auth tokens of a Django site, so that no client has to sign in anew.
///
/// The file is what `manage.py dumpdata authtoken` prints; its users must be here, with their ids. What was taken over
/// before is passed over.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file, or - for stdin.
    file: String,
    /// Check everything and take over nothing.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Deserialize)]
struct Entry {
    model: String,
    pk: String,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    user: i64,
    created: Option<String>,
}

/// A key and its user, who is there.
struct Found {
    user: User,
    key: Secret<String>,
    created_at: Option<Timestamp>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let text = user::read(&args.file)?;
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let found = check(&auth, entries(&text)?).await?;
    if args.dry_run {
        return output::line(&say!("{} auth tokens could be imported", found.len()));
    }
    for Found { user, key, created_at } in &found {
        if !auth.adopt_auth_token(user, key, *created_at).await? {
            return Err(Failure::refused(
                say!("{} got another auth token at the same time; those before it were imported", user.username),
                say!("Import the file again: what is there already is passed over."),
            ));
        }
    }
    auth.store().close().await?;
    output::line(&say!("{} auth tokens imported", found.len()))
}

/// No message quotes the file: it is full of secrets.
fn entries(text: &Secret<String>) -> Result<Vec<Result<Entry, String>>, Failure> {
    let Ok(values) = serde_json::from_str::<Vec<Value>>(text.expose()) else {
        return Err(Failure::refused(
            say!("the file is no JSON array"),
            say!("Write it with `manage.py dumpdata authtoken`."),
        ));
    };
    let numbered = values.into_iter().enumerate().map(|(index, value)| {
        serde_json::from_value(value).map_err(|_| say!("entry {}: not what dumpdata writes", index + 1))
    });
    Ok(numbered.collect())
}

/// The entries that are new, if all are good.
async fn check(auth: &Auth, entries: Vec<Result<Entry, String>>) -> Result<Vec<Found>, Failure> {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let (mut keys, mut owners) = (HashSet::new(), HashSet::new());
    for (number, entry) in (1..).zip(entries) {
        let checked = match entry {
            Ok(entry) if !["authtoken.token", "authtoken.tokenproxy"].contains(&entry.model.as_str()) => {
                Err(say!("entry {}: {} is no auth token", number, printable(&entry.model)))
            }
            Ok(entry) if !keys.insert(entry.pk.clone()) || !owners.insert(entry.fields.user) => {
                Err(say!("entry {}: its key or its user is there twice", number))
            }
            Ok(entry) => one(auth, number, entry).await?,
            Err(problem) => Err(problem),
        };
        match checked {
            Ok(one) => found.extend(one),
            Err(problem) => problems.push(format!("  {problem}")),
        }
    }
    if problems.is_empty() {
        return Ok(found);
    }
    Err(Failure::refused(
        format!("{}\n{}", say!("no auth token was imported"), problems.join("\n")),
        say!("Put that right in the file, and import it again."),
    ))
}

/// What is to be made of an entry; nothing if its key is here already.
async fn one(auth: &Auth, number: usize, entry: Entry) -> Result<Result<Option<Found>, String>, Failure> {
    let is_sendable = |key: &str| (1..=MAX_KEY).contains(&key.len()) && key.chars().all(|c| c.is_ascii_graphic());
    if !is_sendable(&entry.pk) {
        return Ok(Err(say!("entry {}: such a key fits no header", number)));
    }
    let Some(user) = auth.store().find_user(entry.fields.user).await? else {
        return Ok(Err(say!("entry {}: there is no user with the id {}", number, entry.fields.user)));
    };
    match auth.find_auth_token(&entry.pk).await? {
        Some(token) if token.user_id == user.id => return Ok(Ok(None)),
        Some(_) => return Ok(Err(say!("entry {}: somebody else has that key", number))),
        None => {}
    }
    if auth.settings().auth_tokens.one_per_user && auth.store().find_kept_auth_token(user.id).await?.is_some() {
        return Ok(Err(say!("entry {}: {} has another auth token already", number, printable(&user.username))));
    }
    let moment = entry.fields.created.and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let created_at = moment.map(|moment| Timestamp::from_micros(moment.as_microsecond()));
    Ok(Ok(Some(Found { user, key: Secret::new(entry.pk), created_at })))
}

/// Django's column holds 40; sites with a model of their own have longer ones.
const MAX_KEY: usize = 255;
