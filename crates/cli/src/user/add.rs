//! `jeton user add`: one new user.

use jeton::auth::Account;
use jeton::passwords::Person;
use jeton_store::OpenMode;

use crate::failure::Failure;
use crate::output;
use crate::password::PasswordArgs;
use crate::site::SiteArgs;
use crate::words::say;

/// Make a user; the password is asked for unless a flag says where it is.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The name to sign in with: at most 150 letters, digits and @ . + - _
    username: String,
    /// The number; the next free one if it is not given.
    #[arg(long)]
    id: Option<i64>,
    /// The e-mail address.
    #[arg(long, default_value = "", hide_default_value = true)]
    email: String,
    /// The first name.
    #[arg(long, default_value = "", hide_default_value = true)]
    first_name: String,
    /// The last name.
    #[arg(long, default_value = "", hide_default_value = true)]
    last_name: String,
    /// May enter the admin pages.
    #[arg(long)]
    staff: bool,
    /// May do everything there.
    #[arg(long)]
    superuser: bool,
    /// May not sign in yet.
    #[arg(long)]
    inactive: bool,
    #[command(flatten)]
    password: PasswordArgs,
}

pub(crate) async fn run(site: &SiteArgs, args: Args) -> Result<(), Failure> {
    let auth = site.load()?.auth(OpenMode::Create).await?;
    let person = Person {
        username: &args.username,
        first_name: &args.first_name,
        last_name: &args.last_name,
        email: &args.email,
    };
    let account = Account {
        id: args.id,
        password: args.password.take(&auth, person)?,
        username: args.username.clone(),
        email: args.email,
        first_name: args.first_name,
        last_name: args.last_name,
        is_inactive: args.inactive,
        is_staff: args.staff,
        is_superuser: args.superuser,
    };
    let id = auth.create_user(account).await?;
    auth.store().close().await?;
    output::line(&say!("user {} made, with id {}", args.username, id))
}
