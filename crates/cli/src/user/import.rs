//! `jeton user import`: many users from a JSON file, all or none.

use std::collections::HashSet;
use std::io::{self, IsTerminal, Read, Write};

use jeton::auth::{Account, Auth, NewPassword};
use jeton_store::{NewUser, OpenMode};
use jeton_token::secret::Secret;
use serde::Deserialize;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::{self, say};

/// Make many users at once, all or none.
///
/// The file is a JSON array of objects: username, and if wanted id, password or password_hash (in Django's spelling),
/// email, first_name, last_name, is_active, is_staff, is_superuser. Without a password nobody can sign in with one.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file, or - for stdin.
    file: String,
    /// Check everything and make nobody.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Option<i64>,
    username: String,
    password: Option<String>,
    password_hash: Option<String>,
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    is_active: Option<bool>,
    is_staff: Option<bool>,
    is_superuser: Option<bool>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let text = read(&args.file)?;
    let auth = site.load()?.auth(OpenMode::Create).await?;
    let (accounts, mut problems) = accounts(&text)?;
    problems.extend(conflicts(&auth, &accounts).await?);
    refuse(&problems)?;
    if args.dry_run {
        return output::line(&say!("{} users could be imported", accounts.len()));
    }
    let users = prepare(&auth, accounts).await?;
    let made = auth.store().create_users(&users, auth.now()).await?;
    auth.store().close().await?;
    let lost = users.iter().zip(&made).filter(|(_, id)| id.is_none());
    let lost: Vec<String> = lost.map(|(user, _)| output::printable(&user.username)).collect();
    if !lost.is_empty() {
        return Err(Failure::refused(
            say!("somebody else made {} at the same time; the other users were imported", lost.join(", ")),
            say!("Compare those with `jeton user show`."),
        ));
    }
    output::line(&say!("{} users imported", made.len()))
}

/// What a file says, or stdin for `-`.
pub(crate) fn read(file: &str) -> Result<Secret<String>, Failure> {
    let mut text = String::new();
    let read = match file {
        "-" => io::stdin().read_to_string(&mut text),
        path => std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text)),
    };
    let text = Secret::new(text);
    read.map_err(|error| {
        Failure::io(say!("{} cannot be read: {}", file, error), say!("Name a file of JSON, or - for stdin."))
    })?;
    Ok(text)
}

/// The users to be, and what is wrong with single ones.
fn accounts(text: &Secret<String>) -> Result<(Vec<Account>, Vec<String>), Failure> {
    let entries: Vec<Value> = serde_json::from_str(text.expose()).map_err(|error| {
        // The message of a syntax error has no text of the file in it; that of a wrong type may have.
        let (line, column) = (error.line(), error.column());
        Failure::refused(
            say!("line {}, column {}: not a JSON array", line, column),
            say!("See `jeton user import --help`."),
        )
    })?;
    let (mut accounts, mut problems) = (Vec::with_capacity(entries.len()), Vec::new());
    for (index, entry) in entries.into_iter().enumerate() {
        match account(entry) {
            Ok(account) => accounts.push(account),
            Err(problem) => problems.push(say!("entry {}: {}", index + 1, problem)),
        }
    }
    Ok((accounts, problems))
}

fn account(entry: Value) -> Result<Account, String> {
    if !entry.is_object() {
        return Err(say!("not an object"));
    }
    if let Some(name) = wrongly_typed(&entry) {
        return Err(say!("{} has the wrong type", name));
    }
    // What is left to go wrong is a name: missing or unknown. Values are not in those messages.
    let entry: Entry = serde_json::from_value(entry).map_err(|error| error.to_string())?;
    let password = match (entry.password, entry.password_hash) {
        (Some(_), Some(_)) => return Err(say!("both password and password_hash")),
        (Some(password), None) => NewPassword::Plain(Secret::new(password)),
        (None, Some(hash)) => NewPassword::Hashed(Secret::new(hash)),
        (None, None) => NewPassword::Unusable,
    };
    Ok(Account {
        id: entry.id,
        username: entry.username,
        password,
        email: entry.email.unwrap_or_default(),
        first_name: entry.first_name.unwrap_or_default(),
        last_name: entry.last_name.unwrap_or_default(),
        is_inactive: entry.is_active == Some(false),
        is_staff: entry.is_staff.unwrap_or_default(),
        is_superuser: entry.is_superuser.unwrap_or_default(),
    })
}

/// The first field whose value is of another type than its name asks for, told without the value. Null is "not given".
fn wrongly_typed(entry: &Value) -> Option<&str> {
    let wrong = entry.as_object()?.iter().find(|(name, value)| match name.as_str() {
        "username" => !value.is_string(),
        "id" => !value.is_null() && !value.is_i64(),
        "password" | "password_hash" | "email" | "first_name" | "last_name" => !value.is_null() && !value.is_string(),
        "is_active" | "is_staff" | "is_superuser" => !value.is_null() && !value.is_boolean(),
        _ => false,
    });
    wrong.map(|(name, _)| name.as_str())
}

/// Users that cannot be made: names and hashes that will not do, names and ids that are there twice, in the file or
/// already in the database.
async fn conflicts(auth: &Auth, accounts: &[Account]) -> Result<Vec<String>, Failure> {
    let (mut names, mut ids) = (HashSet::new(), HashSet::new());
    let mut problems = Vec::new();
    for account in accounts {
        let name = output::printable(&account.username);
        if let Err(error) = auth.prepare_user(unhashed(account)).await {
            problems.push(format!("{name}: {}", words::told(&error.to_string())));
        }
        if !names.insert(account.username.as_str()) {
            problems.push(say!("{}: the username is there twice", name));
        }
        if auth.store().find_user_by_username(&account.username).await?.is_some() {
            problems.push(say!("{}: there is such a user already", name));
        }
        let Some(id) = account.id else { continue };
        if !ids.insert(id) {
            problems.push(say!("{}: the id {} is there twice", name, id));
        }
        if auth.store().find_user(id).await?.is_some() {
            problems.push(say!("{}: there is a user with the id {} already", name, id));
        }
    }
    Ok(problems)
}

/// The same account where nothing is left to hash: to check everything else first.
fn unhashed(account: &Account) -> Account {
    let password = match &account.password {
        NewPassword::Plain(_) => NewPassword::Unusable,
        other => other.clone(),
    };
    Account { password, ..account.clone() }
}

/// Hashes on all threads that the settings give, and answers in the order of the file.
async fn prepare(auth: &Auth, accounts: Vec<Account>) -> Result<Vec<NewUser>, Failure> {
    let total = accounts.len();
    let mut progress = Progress::new(total);
    let (mut users, mut problems) = (Vec::with_capacity(total), Vec::new());
    let (mut waiting, mut hashing) = (accounts.into_iter().enumerate(), JoinSet::new());
    loop {
        // One more than there are threads, so that none of them waits for the next password.
        while hashing.len() <= auth.settings().passwords.threads {
            let Some((index, account)) = waiting.next() else { break };
            let auth = auth.clone();
            hashing.spawn(async move {
                let name = account.username.clone();
                (index, name, auth.prepare_user(account).await)
            });
        }
        let Some(done) = hashing.join_next().await else { break };
        match done {
            Ok((index, _, Ok(user))) => users.push((index, user)),
            Ok((_, name, Err(error))) => {
                problems.push(format!("{}: {}", output::printable(&name), words::told(&error.to_string())));
            }
            Err(error) => return Err(Failure::io(say!("hashing failed: {}", error), say!("Please report this."))),
        }
        progress.step();
    }
    progress.finish();
    refuse(&problems)?;
    users.sort_by_key(|(index, _)| *index);
    Ok(users.into_iter().map(|(_, user)| user).collect())
}

fn refuse(problems: &[String]) -> Result<(), Failure> {
    if problems.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {problem}")).collect();
    Err(Failure::refused(
        say!("nobody was imported\n{}", lines.join("\n")),
        say!("Put that right in the file, and import it again."),
    ))
}

/// How far it is, where somebody is watching.
struct Progress {
    done: usize,
    total: usize,
    is_watched: bool,
}

impl Progress {
    fn new(total: usize) -> Self {
        Self { done: 0, total, is_watched: io::stderr().is_terminal() }
    }

    fn step(&mut self) {
        self.done += 1;
        if self.is_watched && (self.done.is_multiple_of(10) || self.done == self.total) {
            // Progress that cannot be shown is no reason to stop.
            _ = write!(io::stderr(), "\r{}", say!("{} of {} passwords hashed", self.done, self.total));
        }
    }

    fn finish(&self) {
        if self.is_watched && self.total > 0 {
            _ = writeln!(io::stderr());
        }
    }
}
