//! Which generations were seen in use lately: a bounded memory that spares the ledger a write for each request.

use std::collections::HashSet;
use std::sync::Mutex;

use jeton_token::id::FamilyKey;

/// What has been noted already. Forgetting it costs a write, never safety.
#[derive(Default)]
pub(super) struct InUse(Mutex<HashSet<(FamilyKey, u16)>>);

impl InUse {
    /// Whether this is news. `low_bits` are those of the generation that an access token carries.
    pub(super) fn is_news(&self, family: FamilyKey, low_bits: u16) -> bool {
        let Ok(mut seen) = self.0.lock() else {
            return true;
        };
        if seen.len() >= MAX_SEEN {
            seen.clear();
        }
        seen.insert((family, low_bits))
    }
}

/// About 2 MiB.
const MAX_SEEN: usize = 65_536;

#[cfg(test)]
mod tests {
    use jeton_token::time::Timestamp;

    use super::*;

    #[test]
    fn a_generation_is_news_once() {
        let (seen, family) = (InUse::default(), FamilyKey::new(Timestamp::EPOCH, [1; 4]));
        assert!(seen.is_news(family, 0));
        assert!(!seen.is_news(family, 0));
        assert!(seen.is_news(family, 1));
    }
}
