//! Declared values: what `[simple_jwt.claims]` puts into tokens and `[simple_jwt.response]` into answers.

/// Where a declared claim or answer field takes its value from.
#[derive(Clone, Debug, PartialEq)]
pub enum ValueSource {
    /// `"user.username"`: a column of the user's row.
    User(UserAttribute),
    /// Anything else, as it stands.
    Literal(serde_json::Value),
}

/// A column of `auth_user`; the password is none of anybody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserAttribute {
    /// A number.
    Id,
    /// Text.
    Username,
    /// Text, may be empty.
    Email,
    /// Text, may be empty.
    FirstName,
    /// Text, may be empty.
    LastName,
    /// A boolean.
    IsActive,
    /// A boolean.
    IsStaff,
    /// A boolean.
    IsSuperuser,
    /// A moment, or null.
    LastLogin,
    /// A moment.
    DateJoined,
}

/// Fields added to answers, in the order they are written.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Responses {
    /// `[simple_jwt.response]`: of obtain, pair and sliding.
    pub obtain: Vec<(String, ValueSource)>,
    /// `[simple_jwt.response.refresh]`.
    pub refresh: Vec<(String, ValueSource)>,
    /// `[simple_jwt.response.verify]`.
    pub verify: Vec<(String, ValueSource)>,
}
