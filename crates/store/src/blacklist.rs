//! Single blacklisted tokens: foreign ones, and live generations of a family that are not its newest.

use jeton_token::id::TokenId;
use jeton_token::time::Timestamp;

use crate::engine::Statement;
use crate::events::{self, NewEvent};
use crate::{Store, StoreError};

/// A token to be listed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SingleToken {
    /// Its id, at most 255 bytes if it is foreign.
    pub jti: String,
    /// Whose it is. Stored as nobody's if there is no such user (any more).
    pub user_id: Option<i64>,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it is good for nothing any more, leeway included.
    pub expires_at: Timestamp,
}

/// A token that is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlacklistedToken {
    /// The token.
    pub token: SingleToken,
    /// Since when.
    pub blacklisted_at: Timestamp,
}

impl Store {
    /// Lists a token. False, and no event, if it was listed.
    pub async fn blacklist_token(
        &self,
        token: &SingleToken,
        now: Timestamp,
        event: Option<&NewEvent>,
    ) -> Result<bool, StoreError> {
        // A foreign token has no generation. If it became a family, it is that family's generation 0.
        const FOREIGN: &str = "INSERT INTO jeton_blacklisted_token \
            (jti, user_id, created_at, expires_at, blacklisted_at, family) \
            VALUES ($1, (SELECT id FROM auth_user WHERE id = $2), $3, $4, $5, \
            (SELECT key FROM jeton_family WHERE origin_jti = $1)) ON CONFLICT DO NOTHING";
        const OURS: &str = "INSERT INTO jeton_blacklisted_token \
            (jti, user_id, created_at, expires_at, blacklisted_at, family, generation) \
            VALUES ($1, (SELECT id FROM auth_user WHERE id = $2), $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
        let mut values = vec![
            token.jti.as_str().into(),
            token.user_id.into(),
            token.created_at.into(),
            token.expires_at.into(),
            now.into(),
        ];
        let insert = match TokenId::parse(&token.jti) {
            TokenId::Refresh(key, generation) => {
                values.extend([key.into(), generation.into()]);
                Statement::new(OURS, values)
            }
            TokenId::Sliding(key) => {
                values.extend([key.into(), 0_u32.into()]);
                Statement::new(OURS, values)
            }
            TokenId::Foreign(_) => Statement::new(FOREIGN, values),
        };
        let mut statements = vec![insert.guard()];
        statements.extend(event.map(events::append));
        Ok(self.engine.write(statements).await?.is_done())
    }

    /// Whether, and since when, a token is listed by itself. The family has its own say.
    pub async fn find_blacklisted_token(&self, jti: &str) -> Result<Option<BlacklistedToken>, StoreError> {
        const SQL: &str = "SELECT jti, user_id, created_at, expires_at, blacklisted_at FROM jeton_blacklisted_token \
            WHERE jti = $1";
        let row = self.engine.read_one(Statement::new(SQL, [jti.into()])).await?;
        row.map(|mut row| {
            let token = SingleToken {
                jti: row.next("jeton_blacklisted_token.jti")?,
                user_id: row.next("jeton_blacklisted_token.user_id")?,
                created_at: row.next("jeton_blacklisted_token.created_at")?,
                expires_at: row.next("jeton_blacklisted_token.expires_at")?,
            };
            Ok(BlacklistedToken { token, blacklisted_at: row.next("jeton_blacklisted_token.blacklisted_at")? })
        })
        .transpose()
    }
}
