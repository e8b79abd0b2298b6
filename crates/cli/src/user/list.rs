//! `jeton user list`: who is there.

use clap::builder::RangedU64ValueParser;
use jeton_store::OpenMode;
use serde_json::Value;

use super::show;
use crate::failure::Failure;
use crate::output;
use crate::site::SiteArgs;
use crate::words::say;

/// Show users, by id.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// As a JSON array.
    #[arg(long)]
    json: bool,
    /// At most so many.
    #[arg(long, default_value_t = 100, value_parser = RangedU64ValueParser::<u32>::new().range(1..=1_000_000))]
    limit: u32,
    /// Only those after this id.
    #[arg(long, value_name = "ID")]
    after: Option<i64>,
}

pub(crate) async fn run(site: &SiteArgs, args: &Args) -> Result<(), Failure> {
    let store = site.load()?.open_store(OpenMode::Existing).await?;
    let users = store.list_users(args.after, args.limit).await?;
    store.close().await?;
    if args.json {
        return output::json(&users.iter().map(|user| Value::Object(show::facts(user))).collect::<Vec<_>>());
    }
    let rows: Vec<[String; 6]> = users
        .iter()
        .map(|user| {
            [
                user.id.to_string(),
                user.username.clone(),
                user.email.clone(),
                flags(user.is_active, user.is_staff, user.is_superuser),
                user.last_login.map_or_else(String::new, output::moment),
                output::moment(user.date_joined),
            ]
        })
        .collect();
    output::table(
        [say!("id"), say!("username"), say!("email"), say!("flags"), say!("last login"), say!("joined")],
        &rows,
    )?;
    match users.last() {
        Some(last) if users.len() == args.limit as usize => {
            output::note(&say!("There may be more: --after {}, or a higher --limit.", last.id));
        }
        Some(_) | None => {}
    }
    Ok(())
}

fn flags(is_active: bool, is_staff: bool, is_superuser: bool) -> String {
    let words = [(!is_active, say!("locked")), (is_staff, say!("staff")), (is_superuser, say!("superuser"))];
    words.iter().filter(|(is, _)| *is).map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ")
}
