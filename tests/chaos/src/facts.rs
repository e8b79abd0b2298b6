//! What clients know: every token they were given, and what must become of it.

use std::time::Instant;

use serde_json::json;

use crate::act::Act;
use crate::chance::Chance;
use crate::wire::{Answer, Request};

/// The users of one client, and its taste.
pub(crate) struct Share {
    pub(crate) users: Vec<User>,
    chance: Chance,
}

pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) families: Vec<Family>,
}

/// One login and the chain of refresh tokens that came of it.
pub(crate) struct Family {
    /// Those that were acknowledged, oldest first; the oldest of a long chain are forgotten.
    pub(crate) tokens: Vec<String>,
    /// The access token that came with the newest.
    pub(crate) access: String,
    pub(crate) standing: Standing,
    /// When the newest rotation was asked for.
    pub(crate) rotated_at: Instant,
    /// The cycle in which something was last heard of it.
    pub(crate) heard_in: u32,
}

/// What must be true of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its newest token is good.
    Alive,
    /// No token that we know is good any more.
    Over(Act),
    /// A rotation was not answered: the newest token is good, or it has a successor that we do not know.
    PerhapsRotated,
    /// An ending was not answered: the newest token is good, or none is.
    PerhapsOver(Act),
    /// A finding has been made of it already, or a forgiven answer left it in the dark.
    Unknown,
}

/// What a client wants next.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Intent {
    pub(crate) act: Act,
    user: usize,
    /// Of that user; without meaning for a login.
    family: usize,
}

impl Share {
    pub(crate) fn new(client: usize, users: Vec<User>) -> Self {
        Self { users, chance: Chance::new(client as u64) }
    }

    /// The next wish: mostly rotations, and about as many endings as logins. Nothing, if this user had better wait.
    pub(crate) fn wish(&mut self) -> Option<Intent> {
        let user = self.chance.below(self.users.len());
        if self.users[user].is_perhaps_over_everywhere() {
            return None;
        }
        let is_any_in_doubt = self.users[user].families.iter().any(Family::is_in_doubt);
        let families = self.users[user].families.iter().enumerate();
        let alive: Vec<usize> =
            families.filter(|(_, family)| family.standing == Standing::Alive).map(|(index, _)| index).collect();
        if alive.is_empty() {
            return Some(Intent { act: Act::Login, user, family: 0 });
        }
        let family = alive[self.chance.below(alive.len())];
        let act = match self.chance.below(100) {
            0..22 => Act::Login,
            22..70 => Act::Rotation,
            70..82 => Act::Blacklisting,
            82..94 => Act::Logout,
            // It would settle what is in doubt, and leave us to guess how.
            _ if is_any_in_doubt => Act::Login,
            _ => Act::LogoutEverywhere,
        };
        Some(Intent { act, user, family })
    }

    /// This act, by the first user, on the newest family.
    pub(crate) fn intend(&self, act: Act) -> Intent {
        Intent { act, user: 0, family: self.users[0].families.len().saturating_sub(1) }
    }

    pub(crate) fn request(&self, intent: Intent) -> Request {
        let user = &self.users[intent.user];
        let family = user.families.get(intent.family);
        let token = family.map_or("", Family::newest);
        let bearer = family.map(|family| family.access.clone());
        match intent.act {
            Act::SignUp | Act::Login => user.login(),
            Act::Rotation => refresh(token),
            Act::Blacklisting => {
                Request { path: "/api/token/blacklist/", body: json!({"refresh": token}), bearer: None }
            }
            Act::Logout => Request { path: "/api/logout/", body: json!({"refresh_token": token}), bearer },
            Act::LogoutEverywhere => Request { path: "/api/logout/", body: json!({"all": true}), bearer },
        }
    }

    /// The newest token of the family that it is about; nothing for a login.
    pub(crate) fn newest(&self, intent: Intent) -> Option<String> {
        let family = self.users[intent.user].families.get(intent.family)?;
        (intent.act != Act::Login).then(|| family.newest().to_owned())
    }

    /// The server said that it is done. The complaint, if the answer is not one to that request.
    pub(crate) fn acknowledge(
        &mut self,
        intent: Intent,
        answer: &Answer,
        asked_at: Instant,
        cycle: u32,
    ) -> Result<(), String> {
        let user = &mut self.users[intent.user];
        if answer.status != 200 {
            return Err(format!("{} of {} was answered {} {}", intent.act, user.name, answer.status, answer.body));
        }
        let pair = || match (answer.text("refresh"), answer.text("access")) {
            (Some(refresh), Some(access)) => Ok((refresh, access)),
            _ => Err(format!("{} was answered without tokens", intent.act)),
        };
        match intent.act {
            Act::SignUp | Act::Login => {
                let (refresh, access) = pair()?;
                user.families.push(Family::new(refresh, access, asked_at, cycle));
            }
            Act::Rotation => {
                let (refresh, access) = pair()?;
                user.families[intent.family].rotate(refresh, access, asked_at, cycle);
            }
            Act::Blacklisting | Act::Logout => {
                user.families[intent.family].now_stands(Standing::Over(intent.act), cycle);
            }
            Act::LogoutEverywhere => user.everywhere(Standing::Over(intent.act), cycle),
        }
        Ok(())
    }

    /// The server was killed before it answered.
    pub(crate) fn doubt(&mut self, intent: Intent, cycle: u32) {
        let user = &mut self.users[intent.user];
        match intent.act {
            // A family may have come into being that nobody has a token of.
            Act::SignUp | Act::Login => {}
            Act::Rotation => user.families[intent.family].now_stands(Standing::PerhapsRotated, cycle),
            Act::Blacklisting | Act::Logout => {
                user.families[intent.family].now_stands(Standing::PerhapsOver(intent.act), cycle);
            }
            Act::LogoutEverywhere => user.everywhere(Standing::PerhapsOver(intent.act), cycle),
        }
    }

    /// The answer is left out of account, and with it whatever it may have been about.
    pub(crate) fn forgive(&mut self, intent: Intent, cycle: u32) {
        if !matches!(intent.act, Act::SignUp | Act::Login) {
            self.users[intent.user].families[intent.family].now_stands(Standing::Unknown, cycle);
        }
    }
}

impl User {
    pub(crate) fn new(name: String) -> Self {
        Self { password: format!("the password of {name}"), name, families: Vec::new() }
    }

    pub(crate) fn login(&self) -> Request {
        let body = json!({"username": self.name, "password": self.password});
        Request { path: "/api/token/", body, bearer: None }
    }

    /// Whatever is begun now might be ended by a logout that nobody heard back from.
    fn is_perhaps_over_everywhere(&self) -> bool {
        self.families.iter().any(|family| family.standing == Standing::PerhapsOver(Act::LogoutEverywhere))
    }

    /// All of the user's families that are alive end, or perhaps do.
    fn everywhere(&mut self, standing: Standing, cycle: u32) {
        for family in self.families.iter_mut().filter(|family| family.standing == Standing::Alive) {
            family.now_stands(standing, cycle);
        }
    }
}

impl Family {
    pub(crate) fn new(refresh: String, access: String, asked_at: Instant, cycle: u32) -> Self {
        Self { tokens: vec![refresh], access, standing: Standing::Alive, rotated_at: asked_at, heard_in: cycle }
    }

    pub(crate) fn newest(&self) -> &str {
        self.tokens.last().map_or("", String::as_str)
    }

    fn is_in_doubt(&self) -> bool {
        matches!(self.standing, Standing::PerhapsRotated | Standing::PerhapsOver(_))
    }

    /// What brought the newest token about.
    pub(crate) fn act(&self) -> Act {
        if self.tokens.len() > 1 { Act::Rotation } else { Act::Login }
    }

    pub(crate) fn rotate(&mut self, refresh: String, access: String, asked_at: Instant, cycle: u32) {
        self.tokens.push(refresh);
        if self.tokens.len() > REMEMBERED {
            self.tokens.remove(0);
        }
        (self.access, self.rotated_at) = (access, asked_at);
        self.now_stands(Standing::Alive, cycle);
    }

    pub(crate) fn now_stands(&mut self, standing: Standing, cycle: u32) {
        (self.standing, self.heard_in) = (standing, cycle);
    }
}

pub(crate) fn refresh(token: &str) -> Request {
    Request { path: "/api/token/refresh/", body: json!({"refresh": token}), bearer: None }
}

pub(crate) fn verify(token: &str) -> Request {
    Request { path: "/api/token/verify/", body: json!({"token": token}), bearer: None }
}

/// So many tokens of a family are held against the server.
const REMEMBERED: usize = 5;
