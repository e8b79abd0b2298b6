//! `jeton user show`: everything about one user but the password hash.

use jeton::passwords::{algorithm, is_usable};
use jeton_store::{OpenMode, User};
use serde_json::{Map, Value, json};

use super::named;
use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Show one user.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exact name.
    username: String,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = named(&auth, &args.username).await?;
    let tokens = auth.store().count_tokens(user.id).await?;
    auth.store().close().await?;
    let mut shown = facts(&user);
    shown.insert("hash_algorithm".to_owned(), hash_algorithm(user.password.expose()).into());
    if args.json {
        shown
            .insert("tokens".to_owned(), json!({"outstanding": tokens.outstanding, "blacklisted": tokens.blacklisted}));
        return output::json(&shown);
    }
    let mut pairs: Vec<(String, String)> = shown.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
    pairs
        .push((say!("tokens"), say!("{} outstanding, {} of them blacklisted", tokens.outstanding, tokens.blacklisted)));
    output::pairs(&pairs)
}

/// What may be shown of a user.
pub(super) fn facts(user: &User) -> Map<String, Value> {
    let facts = json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "is_active": user.is_active,
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "last_login": user.last_login.map(output::moment),
        "date_joined": output::moment(user.date_joined),
    });
    facts.as_object().cloned().unwrap_or_default()
}

/// The name of the algorithm; `!` where no password matches, `unknown` where a name cannot be told from a hash.
fn hash_algorithm(stored: &str) -> &str {
    match (is_usable(stored), stored.contains('$')) {
        (false, _) => "!",
        (true, true) => algorithm(stored),
        (true, false) => "unknown",
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => say!("never"),
        Value::Bool(true) => say!("yes"),
        Value::Bool(false) => say!("no"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_hash_is_told_but_its_algorithm() {
        assert_eq!(hash_algorithm("argon2$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA"), "argon2");
        assert_eq!(hash_algorithm("!0123456789"), "!");
        assert_eq!(hash_algorithm("5f4dcc3b5aa765d61d8327deb882cf99"), "unknown");
    }
}
