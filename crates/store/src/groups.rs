//! Groups of users, in Django's own tables `auth_group` and `auth_user_groups`.

use jeton_token::time::Timestamp;

use crate::engine::Statement;
use crate::events::EventKind;
use crate::{Store, StoreError};

/// A group and how many users are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Unique, at most 150 letters.
    pub name: String,
    /// How many.
    pub members: u64,
}

impl Store {
    /// The names of a user's groups, in order.
    pub async fn list_groups_of_user(&self, user_id: i64) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT auth_group.name FROM auth_user_groups \
            JOIN auth_group ON auth_group.id = auth_user_groups.group_id \
            WHERE auth_user_groups.user_id = $1 ORDER BY auth_group.name";
        let rows = self.engine.read(Statement::new(SQL, [user_id.into()])).await?;
        rows.into_iter().map(|mut row| row.next("auth_group.name")).collect()
    }

    /// Whether a user is in the group of this exact name.
    pub async fn is_user_in_group(&self, user_id: i64, name: &str) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT auth_user_groups.id FROM auth_user_groups \
            JOIN auth_group ON auth_group.id = auth_user_groups.group_id \
            WHERE auth_user_groups.user_id = $1 AND auth_group.name = $2";
        Ok(self.engine.read_one(Statement::new(SQL, [user_id.into(), name.into()])).await?.is_some())
    }

    /// All groups by name, after that name, with the number of their members.
    pub async fn list_groups(&self, after: Option<&str>, limit: u32) -> Result<Vec<Group>, StoreError> {
        const SQL: &str = "SELECT auth_group.name, COUNT(auth_user_groups.id) FROM auth_group \
            LEFT JOIN auth_user_groups ON auth_user_groups.group_id = auth_group.id \
            WHERE auth_group.name > $1 GROUP BY auth_group.name ORDER BY auth_group.name LIMIT $2";
        let rows = self.engine.read(Statement::new(SQL, [after.unwrap_or_default().into(), limit.into()])).await?;
        let group = |mut row: crate::engine::Row| {
            Ok(Group { name: row.next("auth_group.name")?, members: row.next("auth_user_groups.id")? })
        };
        rows.into_iter().map(group).collect()
    }

    /// Puts a user into a group, which is made if there is none; writes the event `user_changed`. False, and nothing is
    /// written, if the user is in it already or gone.
    pub async fn add_user_to_group(&self, user_id: i64, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        const GROUP: &str = "INSERT INTO auth_group (name) VALUES ($1) ON CONFLICT DO NOTHING";
        const MEMBER: &str = "INSERT INTO auth_user_groups (user_id, group_id) \
            SELECT auth_user.id, auth_group.id FROM auth_user, auth_group \
            WHERE auth_user.id = $1 AND auth_group.name = $2 ON CONFLICT DO NOTHING";
        let statements = vec![
            Statement::new(GROUP, [name.into()]),
            Statement::new(MEMBER, [user_id.into(), name.into()]).guard(),
            changed(user_id, format!("group+={name}"), now),
        ];
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// Takes a user out of a group, which stays; writes the event `user_changed`. False if the user was not in it.
    pub async fn remove_user_from_group(&self, user_id: i64, name: &str, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM auth_user_groups WHERE user_id = $1 \
            AND group_id IN (SELECT id FROM auth_group WHERE name = $2)";
        let statements = vec![
            Statement::new(SQL, [user_id.into(), name.into()]).guard(),
            changed(user_id, format!("group-={name}"), now),
        ];
        Ok(self.engine.write(statements).await?.is_done())
    }
}

/// The statement that ends a user's memberships: the tables have Django's constraints, which delete nothing themselves.
pub(crate) fn leave_all(user_id: i64) -> Statement {
    Statement::new("DELETE FROM auth_user_groups WHERE user_id = $1", [user_id.into()])
}

fn changed(user_id: i64, detail: String, now: Timestamp) -> Statement {
    const SQL: &str = "INSERT INTO jeton_event (at, kind, user_id, detail) VALUES ($1, $2, $3, $4)";
    let kind = EventKind::UserChanged.as_str();
    Statement::new(SQL, [now.into(), kind.into(), user_id.into(), detail.into()])
}
