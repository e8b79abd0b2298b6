//! How a node refreshes, by the real rules.

use jeton_token::id::{FamilyKey, Generation, TokenId};
use jeton_token::rotation::{Decision, EndReason, Family, LateReplay, Presented, Refusal, decide};
use jeton_token::time::Timestamp;

use crate::ledger::{Planted, Rotation, Row};
use crate::node::{Entry, No, Node};
use crate::play::{ACCESS_LIFETIME, Outcome, REFRESH_LIFETIME, Token, digest};

impl Node {
    pub(crate) async fn refresh(&self, token: Token) -> Result<Outcome, No> {
        self.decode(token)?;
        if let Some(token) = self.rotate_unseen(token).await? {
            return Ok(Outcome::Issued(token));
        }
        loop {
            if let Some(token) = self.refresh_once(token).await? {
                return Ok(Outcome::Issued(token));
            }
        }
    }

    /// Without a look at the row.
    async fn rotate_unseen(&self, token: Token) -> Result<Option<Token>, No> {
        let TokenId::Refresh(key, presented) = TokenId::parse(&self.id(token)) else { return Ok(None) };
        let expires = self.request.at + REFRESH_LIFETIME.as_secs() as i64;
        let created_from = self.stance.family_lifetime().map(|lifetime| expires - lifetime);
        self.write_rotation(token, Rotation { created_from, ..self.rotation(token, key, presented, expires) }).await
    }

    async fn refresh_once(&self, token: Token) -> Result<Option<Token>, No> {
        match self.look_up(token).await? {
            Entry::Family(row, generation) => self.refresh_in_family(token, &row, generation).await,
            Entry::Foreign => self.adopt(token).await,
            Entry::ForeignBlacklisted | Entry::Unknown => Err(No::Refused),
        }
    }

    async fn adopt(&self, token: Token) -> Result<Option<Token>, No> {
        let at = self.request.at;
        let expires = self.bounded(at, at);
        let (key, user) = {
            let shared = &mut *self.shared.borrow_mut();
            (shared.name(at), shared.owner(token.lineage).unwrap_or_default())
        };
        let state = Family {
            generation: Generation(1),
            consumed_below: Generation(1),
            rotated_at: Some(Timestamp::from_seconds(at)),
            rotated_by: Some(digest(self.request.agent)),
            ..Family::new()
        };
        let row = Row {
            key,
            user,
            lineage: token.lineage,
            state,
            created_at: at,
            token_expires_at: expires,
            expires_at: self.horizon(expires, token),
            adopted: true,
        };
        let is_adopted = self.write(|ledger| ledger.adopt(row)).await?;
        Ok(is_adopted.then_some(Token { lineage: token.lineage, generation: 1, issued: at, expires }))
    }

    async fn refresh_in_family(&self, token: Token, row: &Row, generation: Generation) -> Result<Option<Token>, No> {
        let at = Timestamp::from_seconds(self.request.at);
        let presented = Presented { generation, blacklisted: false, at, agent: Some(digest(self.request.agent)) };
        let mut rules = self.stance.rules();
        if self.planted() == Some(Planted::WindowOffByOne) {
            rules.window += std::time::Duration::from_secs(1);
        }
        let decision = decide(&row.state, &presented, &rules);
        match decision {
            Decision::Refuse(Refusal::LedgerBehind | Refusal::Ended | Refusal::Blacklisted) => Err(No::Refused),
            Decision::RefuseAndMark => {
                let marked = self.write(|ledger| ledger.mark(row.key, row.state.generation)).await?;
                if marked { Err(No::Refused) } else { Ok(None) }
            }
            Decision::End(reason) => {
                let newer_than = (reason == EndReason::Reuse).then_some(generation);
                let ended = self.write(|ledger| ledger.end(row.key, newer_than)).await?;
                if ended { Err(No::Refused) } else { Ok(None) }
            }
            Decision::SameSuccessor if self.planted() == Some(Planted::FreshSuccessor) => {
                self.rotate(token, row, Presented { generation: row.state.generation, ..presented }).await
            }
            Decision::SameSuccessor => self.same_successor(row).await.map(Some),
            Decision::SameSuccessorLate(late) => self.late_successor(row, &late).await,
            Decision::Rotate => self.rotate(token, row, presented).await,
            Decision::Accept | Decision::RotateOlder => unreachable!("every rotation here uses its token up"),
        }
    }

    async fn rotate(&self, token: Token, row: &Row, presented: Presented) -> Result<Option<Token>, No> {
        let at = self.request.at;
        let expires = self.bounded(at, row.created_at);
        if expires <= at {
            return Err(No::Expired);
        }
        self.write_rotation(token, self.rotation(token, row.key, presented.generation, expires)).await
    }

    fn rotation(&self, token: Token, key: FamilyKey, presented: Generation, expires: i64) -> Rotation {
        Rotation {
            key,
            presented,
            at: Timestamp::from_seconds(self.request.at),
            agent: digest(self.request.agent),
            token_expires_at: expires,
            expires_at: self.horizon(expires, token),
            created_from: None,
        }
    }

    async fn write_rotation(&self, token: Token, rotation: Rotation) -> Result<Option<Token>, No> {
        let rotated = match self.write(|ledger| ledger.rotate(&rotation)).await {
            Ok(rotated) => rotated,
            Err(gone) => {
                if self.planted() == Some(Planted::ErrorEnds) {
                    self.shared.borrow_mut().ledger.end(rotation.key, None);
                }
                return Err(gone.into());
            }
        };
        Ok(rotated.map(|row| Token {
            lineage: token.lineage,
            generation: row.state.generation.0,
            issued: self.request.at,
            expires: row.token_expires_at,
        }))
    }

    async fn same_successor(&self, row: &Row) -> Result<Token, No> {
        let now = self.now();
        if row.token_expires_at <= now {
            return Err(No::Expired);
        }
        let access_until = now + ACCESS_LIFETIME.as_secs() as i64;
        if access_until > row.expires_at {
            self.write(|ledger| ledger.extend(row.key, access_until)).await?;
        }
        Ok(Token {
            lineage: row.lineage,
            generation: row.state.generation.0,
            issued: row.state.rotated_at.map_or(row.created_at, Timestamp::seconds),
            expires: row.token_expires_at,
        })
    }

    async fn late_successor(&self, row: &Row, late: &LateReplay) -> Result<Option<Token>, No> {
        let rules = self.stance.rules();
        if !self.write(|ledger| ledger.note_late_replay(row.key, late, &rules)).await? {
            return Ok(None);
        }
        self.same_successor(row).await.map(Some)
    }
}
