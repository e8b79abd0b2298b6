//! What is verified: tokens as Simple JWT mints them, many of them so that no branch predictor learns one by heart.

use std::time::Duration;

use jeton_token::algorithm::Algorithm;
use jeton_token::claims::Claims;
use jeton_token::key::Key;
use jeton_token::policy::{Policy, TokenType};
use jeton_token::time::{Clock, Timestamp};

/// Good access tokens of one secret.
pub(crate) struct Tokens {
    pub(crate) secret: &'static [u8],
    pub(crate) policy: Policy,
    pub(crate) texts: Vec<String>,
    pub(crate) payloads: Vec<String>,
    pub(crate) now: Timestamp,
}

impl Tokens {
    pub(crate) fn new() -> Self {
        let policy = Policy { access_lifetime: Duration::from_secs(24 * 60 * 60), ..Policy::default() };
        let now = Clock::system().now();
        let key = Key::from_secret(Algorithm::Hs256, SECRET).expect("a symmetric algorithm");
        let tokens = jeton_token::token::Tokens::new(key, policy.clone());
        let claims: Vec<Claims> = (0..COUNT)
            .map(|number: u128| {
                let id = format!("{:032x}", (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
                let user: Claims = [("user_id", (number * 37).to_string())].into_iter().collect();
                tokens.mint(TokenType::Access, Some(&id), &user, now)
            })
            .collect();
        let texts = claims.iter().map(|claims| tokens.sign(claims)).collect();
        let payloads = claims.iter().map(|claims| String::from_utf8_lossy(&claims.to_json()).into_owned()).collect();
        Self { secret: SECRET, policy, texts, payloads, now }
    }
}

/// One after the other, again and again.
pub(crate) struct Turns<T> {
    all: Vec<T>,
    next: usize,
}

impl<T> Turns<T> {
    pub(crate) fn of(all: Vec<T>) -> Self {
        Self { all, next: 0 }
    }

    #[inline]
    pub(crate) fn next(&mut self) -> &T {
        self.next = if self.next + 1 < self.all.len() { self.next + 1 } else { 0 };
        std::hint::black_box(&self.all[self.next])
    }
}

const SECRET: &[u8] = b"django-insecure-0123456789abcdefghijklmnopqrstuvwxyz";
const COUNT: u128 = 64;
