//! `jeton createsuperuser`: an administrator, asked for as Django asks.

use jeton::auth::{Account, Auth, NewPassword, UserError};
use jeton::passwords::Person;
use jeton_store::OpenMode;

use crate::failure::Failure;
use crate::site::SiteArgs;
use crate::words::say;
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
            say!("there is no terminal to ask on"),
            say!("Use --noinput, --username and --password-stdin."),
        ));
    }
    let auth = site.load()?.auth(OpenMode::Create).await?;
    let username = match args.username {
        Some(username) => {
            free(&auth, &username).await?;
            username
        }
        None => ask_name(&auth).await?,
    };
    let email = match args.email {
        Some(email) => email,
        None if asks => prompt::text(&say!("Email address"))?,
        None => String::new(),
    };
    let person = Person { username: &username, email: &email, ..Person::default() };
    let password = NewPassword::Plain(password::take(args.password_stdin, &auth, person)?);
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
    output::line(&say!("administrator {} made", username))
}

/// Asks until there is a name that can be taken.
async fn ask_name(auth: &Auth) -> Result<String, Failure> {
    loop {
        let username = prompt::text("Username")?;
        match free(auth, &username).await {
            Ok(()) => return Ok(username),
            Err(failure) if failure.is_refusal() => _ = failure.tell(),
            Err(failure) => return Err(failure),
        }
    }
}

/// Fails if nobody can have that name, or somebody has it.
async fn free(auth: &Auth, username: &str) -> Result<(), Failure> {
    auth.prepare_user(Account { username: username.to_owned(), ..Account::default() }).await?;
    match auth.store().find_user_by_username(username).await? {
        Some(_) => Err(UserError::Taken.into()),
        None => Ok(()),
    }
}
