//! `[authentication]`: the ways in, in the order they are tried.

/// A way to tell who is calling; DRF calls it an authentication class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationClass {
    /// `jwt`: a token, whose user is looked up.
    Jwt,
    /// `jwt_stateless`: a token, believed as it stands.
    JwtStateless,
    /// `session`: a browser session. Not served by this version.
    Session,
    /// `basic`: name and password with each request. Not served by this version.
    Basic,
    /// `token`: DRF's opaque key. Not served by this version.
    Token,
    /// `jwt_header`: a hand-made token in `jwt-auth`. Not served by this version.
    JwtHeader,
}

/// Who may come in how.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authentication {
    /// Tried in this order; the first that recognises credentials decides, and the first names the challenge.
    pub classes: Vec<AuthenticationClass>,
}

impl Default for Authentication {
    fn default() -> Self {
        Self { classes: vec![AuthenticationClass::Jwt] }
    }
}
