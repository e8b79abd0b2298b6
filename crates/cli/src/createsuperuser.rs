//! `jeton createsuperuser`: an administrator, asked for as Django asks.

use jeton::auth::{Account, NewPassword};
use jeton_store::OpenMode;

use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::{output, password, prompt};

/// Make an administrator; what no flag says is asked for.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The name to sign in with.
    #[arg(long)]
    username: Option<String>,
    /// The e-mail address; may be empty.
    #[arg(long)]
    email: Option<String>,
    /// Ask nothing; needs --username and --password-stdin.
    #[arg(long, requires = "username", requires = "password_stdin")]
    noinput: bool,
    /// Read the password from stdin; needs --username, and asks nothing.
    #[arg(long, requires = "username")]
    password_stdin: bool,
}

pub(crate) async fn run(site: &SiteArgs, args: Args) -> Result<(), Failure> {
    let asks = !args.noinput && !args.password_stdin;
    if asks && !prompt::is_answered() {
        return Err(Failure::usage(
            "there is no terminal to ask on",
            "Use --noinput, --username and --password-stdin.",
        ));
    }
    let auth = site.load()?.auth(OpenMode::Create)?;
    let username = match args.username {
        Some(username) => username,
        None => prompt::text("Username")?,
    };
    if auth.store().find_user_by_username(&username).await?.is_some() {
        return Err(Failure::refused(
            format!("there is a user {} already", output::printable(&username)),
            "Choose another name; `jeton user list` shows who is there.",
        ));
    }
    let email = match args.email {
        Some(email) => email,
        None if asks => prompt::text("Email address")?,
        None => String::new(),
    };
    let password = NewPassword::Plain(password::take(args.password_stdin, &auth)?);
    let account = Account {
        username: username.clone(),
        password,
        email,
        is_staff: true,
        is_superuser: true,
        ..Account::default()
    };
    auth.create_user(account).await?;
    auth.store().close().await?;
    output::line(&format!("administrator {username} made"))
}
