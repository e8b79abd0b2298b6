//! What a view may answer, beyond what all views may: the schema tells it, and the tests hold the view to it.

use std::borrow::Cow;

use crate::settings::Settings;

/// An answer of success.
#[derive(Clone, Copy, Debug)]
pub(super) struct Success {
    pub(super) status: u16,
    /// The members of its object; nothing where the answer has no body.
    pub(super) members: fn(&Settings) -> Option<Vec<Member>>,
}

/// A member of an answer's object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) name: Cow<'static, str>,
    pub(super) kind: Kind,
    pub(super) is_always_there: bool,
}

/// What the value of a member is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Boolean,
    /// A text in ISO 8601.
    Moment,
    /// Whatever the settings put there.
    Any,
    Object(Vec<Member>),
    /// Of such objects.
    List(Vec<Member>),
}

/// A part of the address that a view reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) description: &'static str,
}

/// Where in the address it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
}

/// An answer of failure that is particular to a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) description: &'static str,
    pub(super) has_body: bool,
}

impl Success {
    /// 200 with an object.
    pub(super) const fn object(members: fn(&Settings) -> Option<Vec<Member>>) -> Self {
        Self { status: 200, members }
    }

    /// 204.
    pub(super) const NO_CONTENT: Self = Self { status: 204, members: |_| None };

    /// 200 with an object that has no members.
    pub(super) const EMPTY_OBJECT: Self = Self::object(|_| Some(Vec::new()));
}

impl Member {
    /// A text that is always there.
    pub(super) const fn text(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), kind: Kind::Text, is_always_there: true }
    }

    /// What settings declare under this name; a user may lack it.
    pub(super) fn declared(name: &str) -> Self {
        Self { name: Cow::Owned(name.to_owned()), kind: Kind::Any, is_always_there: false }
    }

    /// The same where it may be absent.
    pub(super) fn if_any(self) -> Self {
        Self { is_always_there: false, ..self }
    }

    /// The same of another kind.
    pub(super) fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }
}

impl Parameter {
    pub(super) const fn path(name: &'static str, description: &'static str) -> Self {
        Self { name, place: Place::Path, description }
    }

    pub(super) const fn query(name: &'static str, description: &'static str) -> Self {
        Self { name, place: Place::Query, description }
    }
}

impl Refusal {
    pub(super) const fn new(status: u16, description: &'static str) -> Self {
        Self { status, description, has_body: true }
    }

    /// One that is a status and nothing else.
    pub(super) const fn without_body(self) -> Self {
        Self { has_body: false, ..self }
    }
}

/// A token is not good, or credentials are not.
pub(super) const UNAUTHORIZED: Refusal = Refusal::new(401, "The token or the credentials are not good.");

/// The user is signed in as often as `[devices]` lets them.
pub(super) const FULL: Refusal = Refusal::new(403, "The user has as many sign-ins as there may be.");
