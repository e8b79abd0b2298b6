//! Users, in Django's own table `auth_user`.

use jeton_token::rotation::EndReason;
use jeton_token::secret::Secret;
use jeton_token::time::Timestamp;

use crate::auth_tokens;
use crate::changes::ChangeKind;
use crate::engine::{Row, Statement, Value};
use crate::events::{self, EventKind, NewEvent};
use crate::groups;
use crate::{Store, StoreError};

/// A row of `auth_user`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are Django's, and so are their meanings")]
pub struct User {
    pub id: i64,
    pub username: String,
    /// The stored hash, in Django's spelling.
    pub password: Secret<String>,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
    pub last_login: Option<Timestamp>,
    pub date_joined: Timestamp,
}

impl User {
    /// An active user without anything but a name and a stored hash, for those whose home is not this table.
    pub fn new(id: i64, username: impl Into<String>, password: impl Into<Secret<String>>) -> Self {
        Self {
            id,
            username: username.into(),
            password: password.into(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
            last_login: None,
            date_joined: Timestamp::EPOCH,
        }
    }
}

/// A user to be.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are Django's, and so are their meanings")]
pub struct NewUser {
    /// The next free number, if it does not matter.
    pub id: Option<i64>,
    pub username: String,
    /// The hash, in Django's spelling.
    pub password: Secret<String>,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub is_active: bool,
    pub is_staff: bool,
    pub is_superuser: bool,
}

impl NewUser {
    /// An active user without anything but a name and a hash.
    pub fn new(username: impl Into<String>, password: impl Into<Secret<String>>) -> Self {
        Self {
            id: None,
            username: username.into(),
            password: password.into(),
            email: String::new(),
            first_name: String::new(),
            last_name: String::new(),
            is_active: true,
            is_staff: false,
            is_superuser: false,
        }
    }
}

/// The columns that users can be looked up by: what `USER_ID_FIELD` may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the columns are Django's, and so are their meanings")]
pub enum UserField {
    Id,
    Username,
    Email,
    FirstName,
    LastName,
}

impl UserField {
    /// By the name of its column; nothing if there is none, or users cannot be looked up by it.
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Id, Self::Username, Self::Email, Self::FirstName, Self::LastName];
        all.into_iter().find(|field| field.as_str() == text)
    }

    /// The name of its column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Username => "username",
            Self::Email => "email",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
        }
    }
}

/// What a column is compared with. A number finds text that spells it, and text a number that it spells exactly.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "their names are their meaning")]
pub enum UserKey {
    Id(i64),
    Text(String),
}

macro_rules! select_users {
    ($condition:literal) => {
        concat!(
            "SELECT id, username, password, email, first_name, last_name, is_active, is_staff, is_superuser, ",
            "last_login, date_joined FROM auth_user WHERE ",
            $condition
        )
    };
}

/// What ends with the password that it was got with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PasswordEnds {
    /// The auth tokens.
    pub auth_tokens: bool,
    /// The families of refresh and sliding tokens.
    pub families: bool,
}

impl Store {
    /// By primary key.
    pub async fn find_user(&self, id: i64) -> Result<Option<User>, StoreError> {
        self.find(Statement::new(select_users!("id = $1"), [id.into()])).await
    }

    /// By the exact name.
    pub async fn find_user_by_username(&self, username: &str) -> Result<Option<User>, StoreError> {
        self.find(Statement::new(select_users!("username = $1"), [username.into()])).await
    }

    /// Everyone with that value in that column, by id: an e-mail address may belong to several.
    pub async fn list_users_by(&self, field: UserField, key: &UserKey, limit: u32) -> Result<Vec<User>, StoreError> {
        let Some(key) = comparable(field, key) else { return Ok(Vec::new()) };
        let sql = match field {
            UserField::Id => select_users!("id = $1 ORDER BY id LIMIT $2"),
            UserField::Username => select_users!("username = $1 ORDER BY id LIMIT $2"),
            UserField::Email => select_users!("email = $1 ORDER BY id LIMIT $2"),
            UserField::FirstName => select_users!("first_name = $1 ORDER BY id LIMIT $2"),
            UserField::LastName => select_users!("last_name = $1 ORDER BY id LIMIT $2"),
        };
        self.list(Statement::new(sql, [key, limit.into()])).await
    }

    /// A page of all users, by id, after that id.
    pub async fn list_users(&self, after: Option<i64>, limit: u32) -> Result<Vec<User>, StoreError> {
        let sql = select_users!("id > $1 ORDER BY id LIMIT $2");
        self.list(Statement::new(sql, [after.unwrap_or(i64::MIN).into(), limit.into()])).await
    }

    /// Whether there is a superuser, active or not.
    pub async fn is_any_superuser(&self) -> Result<bool, StoreError> {
        const SQL: &str = "SELECT id FROM auth_user WHERE is_superuser = $1 LIMIT 1";
        Ok(self.engine.read_one(Statement::new(SQL, [true.into()])).await?.is_some())
    }

    /// The new user's id; nothing if the name or the id is taken. Writes the event `user_created`.
    pub async fn create_user(&self, user: &NewUser, now: Timestamp) -> Result<Option<i64>, StoreError> {
        const EVENT: &str = "INSERT INTO jeton_event (at, kind, user_id) \
            SELECT $1, $2, id FROM auth_user WHERE username = $3";
        let kind = EventKind::UserCreated.as_str();
        let event = Statement::new(EVENT, [now.into(), kind.into(), user.username.as_str().into()]);
        let mut statements = vec![insert(user, now).guard(), event];
        statements.extend(user.id.and_then(|_| self.engine.skip_given_user_ids()));
        let outcome = self.engine.write(statements).await?;
        outcome.row(0).map(|mut row| row.next("auth_user.id")).transpose()
    }

    /// Keeps id, name and flags of a user whose home is elsewhere, without a password, so that the ledger can name them.
    /// Whoever had that name here before is called by
    /// their number: names are unique there, too, so it has moved on.
    pub async fn mirror_user(&self, user: &User) -> Result<(), StoreError> {
        const YIELD: &str = "UPDATE auth_user SET username = '#' || id WHERE username = $1 AND id <> $2";
        const MIRROR: &str = "INSERT INTO auth_user (password, is_superuser, username, last_name, email, is_staff, \
            is_active, date_joined, first_name, id) VALUES ('!', $1, $2, $3, $4, $5, $6, $7, $8, $9) \
            ON CONFLICT (id) DO UPDATE SET is_superuser = excluded.is_superuser, username = excluded.username, \
            last_name = excluded.last_name, email = excluded.email, is_staff = excluded.is_staff, \
            is_active = excluded.is_active, first_name = excluded.first_name";
        let values: Vec<Value> = vec![
            user.is_superuser.into(),
            user.username.as_str().into(),
            user.last_name.as_str().into(),
            user.email.as_str().into(),
            user.is_staff.into(),
            user.is_active.into(),
            Value::Time(user.date_joined),
            user.first_name.as_str().into(),
            user.id.into(),
        ];
        let make_way = Statement::new(YIELD, [user.username.as_str().into(), user.id.into()]);
        self.engine.write(vec![make_way, Statement::new(MIRROR, values)]).await.map(drop)
    }

    /// Many at once, for imports: all that are free, or none if the database fails. Writes no events.
    pub async fn create_users(&self, users: &[NewUser], now: Timestamp) -> Result<Vec<Option<i64>>, StoreError> {
        let mut statements: Vec<Statement> = users.iter().map(|user| insert(user, now)).collect();
        if users.iter().any(|user| user.id.is_some()) {
            statements.extend(self.engine.skip_given_user_ids());
        }
        let outcome = self.engine.write(statements).await?;
        let id = |effect: crate::engine::Effect| {
            effect.rows.into_iter().next().map(|mut row| row.next("auth_user.id")).transpose()
        };
        outcome.effects().into_iter().take(users.len()).map(id).collect()
    }

    /// Sets the hash. With `if_still`, only where that is the hash now: a better hash of the old password, made at a
    /// login, must not undo a change of the password in the meantime.
    pub async fn update_password(
        &self,
        id: i64,
        hash: &Secret<String>,
        if_still: Option<&Secret<String>>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const ALWAYS: &str = "UPDATE auth_user SET password = $2 WHERE id = $1";
        const IF_STILL: &str = "UPDATE auth_user SET password = $2 WHERE id = $1 AND password = $3";
        let statement = match if_still {
            None => Statement::new(ALWAYS, [id.into(), hash.into()]),
            Some(old) => Statement::new(IF_STILL, [id.into(), hash.into(), old.into()]),
        };
        Ok(self
            .announce(vec![statement.guard(), self.tell_of(ChangeKind::UserChanged, Some(id), now)])
            .await?
            .is_done())
    }

    /// A new password, with the event that tells of it, and what ends with the old one. Whether there is such a user.
    pub async fn change_password(
        &self,
        id: i64,
        hash: &Secret<String>,
        ends: PasswordEnds,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE auth_user SET password = $2 WHERE id = $1";
        let mut statements = vec![Statement::new(SQL, [id.into(), hash.into()]).guard()];
        statements.push(events::append(&NewEvent {
            at: now,
            kind: EventKind::PasswordChanged,
            user_id: Some(id),
            family: None,
            address: None,
            detail: None,
        }));
        statements.push(self.tell_of(ChangeKind::UserChanged, Some(id), now));
        if ends.auth_tokens {
            statements.extend(auth_tokens::end_all(id, now));
        }
        if ends.families {
            statements.extend(self.end_all_families(id, EndReason::PasswordChanged, now));
            statements.push(self.tell_of(ChangeKind::UserTokensEnded, Some(id), now));
        }
        Ok(self.announce(statements).await?.is_done())
    }

    /// `UPDATE_LAST_LOGIN`. Whether there is such a user.
    pub async fn update_last_login(&self, id: i64, now: Timestamp) -> Result<bool, StoreError> {
        const SQL: &str = "UPDATE auth_user SET last_login = $2 WHERE id = $1";
        let statement = Statement::new(SQL, [id.into(), Value::Time(now)]);
        Ok(self.engine.write(vec![statement.guard()]).await?.is_done())
    }

    /// Locks or unlocks; writes the event `user_changed` if that is a change. Whether there is such a user.
    pub async fn update_is_active(&self, id: i64, is_active: bool, now: Timestamp) -> Result<bool, StoreError> {
        const EVENT: &str = "INSERT INTO jeton_event (at, kind, user_id, detail) \
            SELECT $1, $2, id, $3 FROM auth_user WHERE id = $4 AND is_active <> $5";
        const UPDATE: &str = "UPDATE auth_user SET is_active = $2 WHERE id = $1";
        let detail = if is_active { "is_active=true" } else { "is_active=false" };
        let kind = EventKind::UserChanged.as_str();
        let event = Statement::new(EVENT, [now.into(), kind.into(), detail.into(), id.into(), is_active.into()]);
        let update = Statement::new(UPDATE, [id.into(), is_active.into()]).guard();
        // The change comes last: its number goes up with the order in which the row was held.
        let kind = if is_active { ChangeKind::UserUnlocked } else { ChangeKind::UserLocked };
        Ok(self.announce(vec![event, update, self.tell_of(kind, Some(id), now)]).await?.is_done())
    }

    /// Deletes the user and writes the event `user_deleted`. What the ledger knows of them stays, without its user; with
    /// `end_families` their families end. Whether there was such a user.
    pub async fn delete_user(&self, id: i64, end_families: bool, now: Timestamp) -> Result<bool, StoreError> {
        const DELETE: &str = "DELETE FROM auth_user WHERE id = $1";
        let mut statements = Vec::new();
        if end_families {
            statements.extend(self.end_all_families(id, EndReason::UserDeleted, now));
        }
        statements.push(groups::leave_all(id));
        statements.push(Statement::new(DELETE, [id.into()]).guard());
        statements.push(events::append(&NewEvent {
            at: now,
            kind: EventKind::UserDeleted,
            user_id: Some(id),
            family: None,
            address: None,
            detail: None,
        }));
        statements.push(self.tell_of(ChangeKind::UserLocked, Some(id), now));
        Ok(self.announce(statements).await?.is_done())
    }

    async fn find(&self, statement: Statement) -> Result<Option<User>, StoreError> {
        self.engine.read_one(statement).await?.map(user).transpose()
    }

    async fn list(&self, statement: Statement) -> Result<Vec<User>, StoreError> {
        self.engine.read(statement).await?.into_iter().map(user).collect()
    }
}

/// A key in the type of its column. Nothing equals a number but its own plain spelling.
fn comparable(field: UserField, key: &UserKey) -> Option<Value> {
    match (field, key) {
        (UserField::Id, UserKey::Id(id)) => Some((*id).into()),
        (UserField::Id, UserKey::Text(text)) => {
            text.parse().ok().filter(|id: &i64| id.to_string() == *text).map(Value::Integer)
        }
        (_, UserKey::Id(id)) => Some(id.to_string().into()),
        (_, UserKey::Text(text)) => Some(text.as_str().into()),
    }
}

fn insert(user: &NewUser, now: Timestamp) -> Statement {
    const NEXT_ID: &str = "INSERT INTO auth_user (password, is_superuser, username, last_name, email, is_staff, \
        is_active, date_joined, first_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
        ON CONFLICT DO NOTHING RETURNING id";
    const GIVEN_ID: &str = "INSERT INTO auth_user (password, is_superuser, username, last_name, email, is_staff, \
        is_active, date_joined, first_name, id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
        ON CONFLICT DO NOTHING RETURNING id";
    let mut values: Vec<Value> = vec![
        (&user.password).into(),
        user.is_superuser.into(),
        user.username.as_str().into(),
        user.last_name.as_str().into(),
        user.email.as_str().into(),
        user.is_staff.into(),
        user.is_active.into(),
        Value::Time(now),
        user.first_name.as_str().into(),
    ];
    match user.id {
        None => Statement::new(NEXT_ID, values),
        Some(id) => {
            values.push(id.into());
            Statement::new(GIVEN_ID, values)
        }
    }
}

fn user(mut row: Row) -> Result<User, StoreError> {
    Ok(User {
        id: row.next("auth_user.id")?,
        username: row.next("auth_user.username")?,
        password: row.next("auth_user.password")?,
        email: row.next("auth_user.email")?,
        first_name: row.next("auth_user.first_name")?,
        last_name: row.next("auth_user.last_name")?,
        is_active: row.next("auth_user.is_active")?,
        is_staff: row.next("auth_user.is_staff")?,
        is_superuser: row.next("auth_user.is_superuser")?,
        last_login: row.next("auth_user.last_login")?,
        date_joined: row.next("auth_user.date_joined")?,
    })
}
