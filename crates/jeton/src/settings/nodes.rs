//! `[nodes]`: what a process keeps in memory of what all processes share.

use std::time::Duration;

use super::Compatibility;
use super::given::between;
use super::reader::Reader;

/// Several processes over one database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Nodes {
    /// How long after it last heard from the database a process still answers from memory.
    pub fence_after: Duration,
    /// How old a user in memory may be where nobody tells of what others write to `auth_user`; zero: none is kept.
    pub user_cache: Duration,
}

impl Nodes {
    /// The defaults of a stance.
    pub fn defaults(compatibility: Compatibility) -> Self {
        let user_cache = match compatibility {
            Compatibility::Safe => Duration::from_secs(2),
            Compatibility::Exact => Duration::ZERO,
        };
        Self { fence_after: Duration::from_secs(5), user_cache }
    }

    pub(super) fn read(reader: &mut Reader, compatibility: Compatibility) -> Self {
        let mut section = reader.section("nodes");
        let default = Self::defaults(compatibility);
        Self {
            fence_after: section.read_if(
                "fence_after",
                "How long a node that hears nothing from the database still answers from memory; then it asks, or answers 503.",
                default.fence_after,
                between(Duration::from_secs(1)..=Duration::from_secs(60)),
            ),
            user_cache: section.read_if(
                "user_cache",
                "How long a user may be taken from memory; 0: never. With `jeton migrate --watch-users`, until somebody changes them.",
                default.user_cache,
                between(Duration::ZERO..=Duration::from_secs(60)),
            ),
        }
    }
}
