//! `jeton session end`: ends sign-ins.

use jeton::auth::Auth;
use jeton_store::{OpenMode, SignInId};

use super::{ALL, device};
use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;
use crate::{output, user};

/// End a sign-in, or all of a user: its tokens and sessions are refused from then on.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// End nothing, and tell what would end.
    #[arg(long)]
    dry_run: bool,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The id of the sign-in, as `jeton session list` shows it.
    id: Option<String>,
    /// All of this user.
    #[arg(long, value_name = "USERNAME")]
    all: Option<String>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let told = match (&args.which.id, &args.which.all) {
        (Some(id), _) => one(&auth, id, args.dry_run).await?,
        (None, Some(username)) => all(&auth, username, args.dry_run).await?,
        (None, None) => String::new(),
    };
    auth.store().close().await?;
    output::line(&told)
}

async fn one(auth: &Auth, id: &str, dry_run: bool) -> Result<String, Failure> {
    let found = match SignInId::parse(id.trim()) {
        Some(id) => auth.store().find_sign_in(id, auth.now()).await?,
        None => None,
    };
    let Some(sign_in) = found else { return Err(unknown()) };
    if dry_run {
        let user = match sign_in.user_id {
            Some(user_id) => auth.store().find_user(user_id).await?,
            None => None,
        };
        let name = user.map(|user| user.username).unwrap_or_default();
        return Ok(say!(
            "the sign-in of {} would end: {}",
            output::printable(&name),
            output::printable(&device(&sign_in))
        ));
    }
    match auth.revoke_sign_in(&sign_in).await? {
        true => Ok(say!("the sign-in has ended")),
        false => Err(unknown()),
    }
}

async fn all(auth: &Auth, username: &str, dry_run: bool) -> Result<String, Failure> {
    let user = user::named(auth, username).await?;
    let count = auth.sign_ins(&user, None, ALL).await?.len();
    if dry_run {
        return Ok(say!("{} sign-ins would end", count));
    }
    auth.revoke_sign_ins(&user).await?;
    Ok(match count {
        0 => say!("{} was signed in nowhere", output::printable(username)),
        1 => say!("the sign-in has ended"),
        several => say!("{} sign-ins have ended", several),
    })
}

fn unknown() -> Failure {
    Failure::refused(
        say!("there is no such sign-in"),
        say!("It has ended, run out, or never was; `jeton session list NAME` shows which there are."),
    )
}
