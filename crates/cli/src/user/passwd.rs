//! `jeton user passwd`: a new password.

use jeton::passwords::Person;
use jeton_store::OpenMode;

use super::{gone, named};
use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;
use crate::{output, password};

/// Give a user a new password; it is asked for unless it comes by stdin.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The exact name.
    username: String,
    /// Read the password from stdin, to its end; one final line break does not count.
    #[arg(long)]
    password_stdin: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Existing).await?;
    let user = named(&auth, &args.username).await?;
    let person = Person {
        username: &user.username,
        first_name: &user.first_name,
        last_name: &user.last_name,
        email: &user.email,
    };
    let password = password::take(args.password_stdin, &auth, person)?;
    if !auth.set_password(&user, password).await? {
        return Err(gone(&args.username));
    }
    auth.store().close().await?;
    output::line(&say!("{} has a new password", user.username))
}
