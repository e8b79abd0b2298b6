//! `[authentication]`: the ways in, in the order they are tried.

use super::given::{Words, Wrong};
use super::reader::Reader;

/// A way to tell who is calling; DRF calls it an authentication class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticationClass {
    /// `jwt`: a token, whose user is looked up.
    Jwt,
    /// `jwt_stateless`: a token, believed as it stands.
    JwtStateless,
    /// `session`: a browser session.
    Session,
    /// `basic`: name and password with each request.
    Basic,
    /// `token`: DRF's opaque key; see `[auth_tokens]`.
    Token,
    /// `jwt_header`: a hand-made token in a header of its own; see `[hand_made]`.
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

impl Authentication {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let mut section = reader.section("authentication");
        let classes = section.read_if(
            "classes",
            "The ways in, in the order they are tried: jwt, jwt_stateless, session, basic, token, jwt_header.",
            Self::default().classes,
            |classes| match classes.as_slice() {
                [] => Err(Wrong::new("the list is empty, so that nobody could come in", "Write [\"jwt\"].")),
                _ => Ok(()),
            },
        );
        Self { classes }
    }
}

impl Words for AuthenticationClass {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("jwt", Self::Jwt),
        ("jwt_stateless", Self::JwtStateless),
        ("session", Self::Session),
        ("basic", Self::Basic),
        ("token", Self::Token),
        ("jwt_header", Self::JwtHeader),
        ("rest_framework_simplejwt.authentication.JWTAuthentication", Self::Jwt),
        ("rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication", Self::JwtStateless),
        ("rest_framework_simplejwt.authentication.JWTTokenUserAuthentication", Self::JwtStateless),
        ("rest_framework.authentication.SessionAuthentication", Self::Session),
        ("rest_framework.authentication.BasicAuthentication", Self::Basic),
        ("rest_framework.authentication.TokenAuthentication", Self::Token),
    ];
}
