//! The real thing: `jeton::auth` over the statements and transactions of `jeton-store`, several nodes on one database in memory.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use jeton::auth::{Auth, AuthError, Caller, Identity, Principal, TokenClaims, User, read_unverified};
use jeton::entropy::Entropy;
use jeton::settings::{Compatibility, Settings};
use jeton_store::simulation::Stage;
use jeton_store::{FamilyRow, NewUser, Store};
use jeton_token::claims::Claims;
use jeton_token::error::{Flaw, TokenError};
use jeton_token::id::{FamilyKey, TokenId};
use jeton_token::policy::TokenType;
use jeton_token::time::{Clock, Timestamp};

use crate::play::{
    ACCESS_LIFETIME, AGENTS, Answer, Ask, FAMILY_LIFETIME, Fate, NODES, Outcome, REFRESH_LIFETIME, Request, START,
    Stance, Token, USERS, View, World,
};

/// A database with its users, for one schedule after the other.
pub(crate) struct Theatre {
    stage: Stage,
    users: Vec<User>,
}

/// One schedule's nodes.
pub(crate) struct Real {
    stage: Stage,
    users: Vec<User>,
    settings: Arc<Settings>,
    entropy: Entropy,
    nodes: Vec<Node>,
    /// Reads rows, and notes nothing.
    observer: Store,
    wallet: Rc<RefCell<Wallet>>,
}

struct Node {
    auth: Auth,
    clock: Clock,
}

/// The tokens that were issued, and which lineage a family belongs to.
#[derive(Default)]
struct Wallet {
    texts: Vec<(Token, String)>,
    lineages: Vec<(FamilyKey, usize)>,
    /// Lineages that begin with a foreign token.
    foreign: Vec<usize>,
}

impl Theatre {
    pub(crate) fn new() -> Self {
        let now = Timestamp::from_seconds(START);
        let stage = Stage::new(now).expect("a database in memory");
        let store = stage.node().expect("a node");
        let users = (0..USERS).map(|number| user(&store, number, now)).collect();
        Self { stage, users }
    }

    pub(crate) fn play(&self, seed: u64, stance: Stance) -> Real {
        self.stage.clear().expect("an empty ledger");
        let mut real = Real {
            stage: self.stage.clone(),
            users: self.users.clone(),
            settings: Arc::new(settings(stance)),
            entropy: Entropy::seeded(seed),
            nodes: Vec::new(),
            observer: self.stage.node().expect("a node"),
            wallet: Rc::default(),
        };
        real.nodes = (0..NODES).map(|_| real.node(Clock::manual(Timestamp::from_seconds(START)))).collect();
        real
    }
}

fn user(store: &Store, number: usize, now: Timestamp) -> User {
    let name = format!("user-{number}");
    let new = NewUser::new(&name, "!");
    run(store.create_user(&new, now)).expect("a user");
    run(store.find_user_by_username(&name)).expect("an answer").expect("the user")
}

fn settings(stance: Stance) -> Settings {
    let compatibility = if stance.safe { Compatibility::Safe } else { Compatibility::Exact };
    let mut settings = Settings::new(compatibility, "a secret of at least thirty-two bytes, for tests".into());
    settings.simple_jwt.rotate_refresh_tokens = true;
    settings.simple_jwt.blacklist_after_rotation = true;
    settings.simple_jwt.refresh_token_lifetime = REFRESH_LIFETIME;
    settings.simple_jwt.access_token_lifetime = ACCESS_LIFETIME;
    settings.ledger.refresh_family_lifetime = stance.safe.then_some(FAMILY_LIFETIME);
    settings.passwords.threads = 1;
    settings
}

impl Real {
    fn node(&self, clock: Clock) -> Node {
        let store = self.stage.node().expect("a node");
        let auth = Auth::new(Arc::clone(&self.settings), store, clock.clone(), self.entropy.clone());
        Node { auth: auth.expect("settings that fit together"), clock }
    }
}

impl World for Real {
    fn begin(&mut self, request: Request) -> Answer {
        let caller = Caller {
            at: Timestamp::from_seconds(request.at),
            address: None,
            user_agent: Some(AGENTS[request.agent].to_owned()),
        };
        let asked = Asked {
            auth: self.nodes[request.node].auth.clone(),
            wallet: Rc::clone(&self.wallet),
            user: self.users[request.user].clone(),
            caller,
        };
        Box::pin(async move { asked.answer(request.ask).await.unwrap_or_else(outcome) })
    }

    fn decide(&mut self, fate: Fate) {
        self.stage.decide(fate);
    }

    fn set_clock(&mut self, node: usize, now: i64) {
        self.nodes[node].clock.set(Timestamp::from_seconds(now));
    }

    fn crash(&mut self, node: usize) {
        self.nodes[node] = self.node(self.nodes[node].clock.clone());
    }

    fn idle(&mut self, node: usize) {
        // A write that changes nothing takes the notes along.
        let nobody = FamilyKey::new(Timestamp::EPOCH, [0; 4]);
        run(self.nodes[node].auth.store().extend_family(nobody, Timestamp::EPOCH)).expect("an answer");
    }

    fn foreign(&mut self, user: usize, token: Token) {
        let tokens = self.nodes[0].auth.tokens();
        let mut claims = tokens.mint(
            TokenType::Refresh,
            Some(&foreign_id(token.lineage)),
            &Claims::new(),
            Timestamp::from_seconds(token.issued),
        );
        let name = &self.settings.simple_jwt.user_id_claim;
        claims.set(name, self.users[user].id.to_string());
        let text = tokens.sign(&claims);
        self.wallet.borrow_mut().texts.push((token, text));
        self.wallet.borrow_mut().foreign.push(token.lineage);
    }

    fn view(&mut self) -> Vec<View> {
        let (lineages, foreign) = {
            let wallet = self.wallet.borrow();
            (wallet.lineages.clone(), wallet.foreign.clone())
        };
        let view = |lineage, row: Option<FamilyRow>| {
            let row = row?;
            let (token_expires_at, expires_at) = (row.token_expires_at, row.expires_at.seconds());
            Some(View { lineage, family: row.state, token_expires_at, expires_at })
        };
        let ours = lineages.into_iter().filter(|(_, lineage)| !foreign.contains(lineage));
        let ours =
            ours.filter_map(|(key, lineage)| view(lineage, run(self.observer.find_family(key)).expect("an answer")));
        let mut views: Vec<View> = ours.collect();
        views.extend(foreign.iter().filter_map(|&lineage| {
            let origin = foreign_id(lineage);
            view(lineage, run(self.observer.find_family_by_origin(&origin)).expect("an answer"))
        }));
        views.sort_unstable_by_key(|view| view.lineage);
        views
    }
}

fn foreign_id(lineage: usize) -> String {
    format!("foreign {lineage}")
}

/// One request, with what it needs of its own.
struct Asked {
    auth: Auth,
    wallet: Rc<RefCell<Wallet>>,
    user: User,
    caller: Caller,
}

impl Asked {
    async fn answer(&self, ask: Ask) -> Result<Outcome, AuthError> {
        let (auth, caller) = (&self.auth, &self.caller);
        let principal = || Principal {
            identity: Identity::User(Arc::new(self.user.clone())),
            claims: TokenClaims::default(),
            session: None,
        };
        match ask {
            Ask::Login { lineage, .. } => {
                let pair = auth.mint_pair(&self.user, caller).await?;
                Ok(self.issued(&pair.refresh, lineage))
            }
            Ask::Refresh(token) => {
                let refreshed = auth.refresh(&self.text(token), caller).await?;
                Ok(refreshed.refresh.map_or(Outcome::Done, |text| self.issued(&text, token.lineage)))
            }
            Ask::Verify(token) => auth.verify(&self.text(token), caller).await.map(|_| Outcome::Done),
            Ask::Logout(token) => auth.logout(&self.text(token), &principal(), caller).await.map(|()| Outcome::Done),
            Ask::Blacklist(token) => auth.blacklist(&self.text(token), caller).await.map(|_| Outcome::Done),
            Ask::LogoutAll { .. } => auth.logout_all(&principal(), caller).await.map(|()| Outcome::Done),
            Ask::Flush => Ok(auth.store().flush_all(auth.now()).await.map(|_| Outcome::Done)?),
        }
    }

    fn text(&self, token: Token) -> String {
        let wallet = self.wallet.borrow();
        let found = wallet.texts.iter().find(|(known, _)| *known == token);
        found.expect("only tokens that were issued are presented").1.clone()
    }

    /// What was issued, and to which lineage it really belongs.
    fn issued(&self, text: &str, lineage: usize) -> Outcome {
        let read = || {
            let (_, claims) = read_unverified(text)?;
            let TokenId::Refresh(key, generation) = TokenId::parse(claims["jti"].as_str()?) else { return None };
            Some((key, generation.0, claims["iat"].as_i64()?, claims["exp"].as_i64()?))
        };
        let Some((key, generation, issued, expires)) = read() else {
            return Outcome::Other(format!("a token that is none of ours: {text}"));
        };
        let wallet = &mut *self.wallet.borrow_mut();
        let known = wallet.lineages.iter().find(|&&(family, _)| family == key).map(|&(_, lineage)| lineage);
        if known.is_none() {
            wallet.lineages.push((key, lineage));
        }
        let token = Token { lineage: known.unwrap_or(lineage), generation, issued, expires };
        if !wallet.texts.iter().any(|(known, _)| *known == token) {
            wallet.texts.push((token, text.to_owned()));
        }
        Outcome::Issued(token)
    }
}

fn outcome(error: AuthError) -> Outcome {
    match error {
        AuthError::Token(TokenError::Blacklisted) | AuthError::VerifiedBlacklisted => Outcome::Refused,
        AuthError::Token(TokenError::Expired) => Outcome::Expired,
        AuthError::Token(TokenError::Invalid(Flaw::IssuedAt)) => Outcome::Early,
        AuthError::Store(_) => Outcome::Unavailable,
        other => Outcome::Other(other.to_string()),
    }
}

/// To its end, while nobody else acts.
fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}
