//! Translates: from requests to use cases, from what they decide to answers. The router list is below.

mod answer;
mod auth_token;
mod authentication;
mod body;
mod contract;
mod cookie;
mod cookies;
mod cors;
mod csrf;
mod devices;
mod error;
pub mod extract;
mod fields;
mod frame;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod hand_made;
mod health;
mod jwks;
mod language;
mod logout;
mod me;
mod media_type;
mod messages;
mod negotiation;
mod openapi;
mod pages;
mod principal;
mod proxy;
mod render;
mod routing;
mod server;
mod session;
mod setup;
mod signup;
mod swagger;
mod token;
mod view;
mod yaml;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, any, delete, get, post};
use tower_http::catch_panic::CatchPanicLayer;

pub use openapi::{OpenapiVersion, openapi_json, openapi_yaml};
pub use server::{Stopped, serve};
pub use setup::SETUP_PATH;

use crate::auth::Auth;
use crate::settings::{Endpoint, Settings, Slash};

/// What handlers share.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) auth: Auth,
    /// The server is stopping: it finishes what it has and should be sent nothing new.
    pub(crate) draining: Arc<AtomicBool>,
    /// Every path that has an endpoint.
    paths: Arc<HashSet<String>>,
}

impl App {
    pub(crate) fn new(auth: Auth) -> Self {
        let paths = Endpoint::ALL.iter().flat_map(|&endpoint| paths(auth.settings(), endpoint));
        let paths = paths.chain([SETUP_PATH.to_owned()]).collect();
        Self { auth, draining: Arc::default(), paths: Arc::new(paths) }
    }

    /// Whether something is at this path.
    fn has(&self, path: &str) -> bool {
        let folder = |path: &str| Some(path.trim_end_matches('/').rsplit_once('/')?.0.to_owned());
        let is_one = |list: &String| {
            let pattern = devices::path_of_one(list);
            folder(path) == folder(&pattern) && path.ends_with('/') == pattern.ends_with('/') && !path.ends_with("//")
        };
        self.paths.contains(path) || paths(self.settings(), Endpoint::Sessions).iter().any(is_one)
    }

    /// The whole site: every endpoint at its paths, and an answer to every other path.
    pub(crate) fn router(&self) -> Router {
        let router = self
            .endpoints()
            .route(SETUP_PATH, get(setup::form).post(setup::submit))
            .fallback(routing::fallback)
            .method_not_allowed_fallback(routing::fallback);
        Router::new().fallback_service(routing::Decoded(self.framed(router)))
    }

    /// Every endpoint at its paths, for somebody else's app: no other path is answered, but for missing slashes.
    pub(crate) fn routes(&self) -> Router {
        let mut router = self.endpoints();
        for path in self.paths.iter().filter(|path| *path != SETUP_PATH) {
            if let Some(slashless) = path.strip_suffix('/').filter(|it| !it.is_empty() && !self.paths.contains(*it)) {
                router = router.route(slashless, any(routing::fallback));
            }
        }
        let sessions = paths(self.settings(), Endpoint::Sessions);
        let ones: Vec<String> = sessions.iter().map(|path| devices::path_of_one(path)).collect();
        for one in &ones {
            if let Some(slashless) = one.strip_suffix('/').filter(|it| !ones.iter().any(|one| one == it)) {
                router = router.route(slashless, any(routing::fallback));
            }
        }
        self.framed(router.method_not_allowed_fallback(routing::fallback))
    }

    fn endpoints(&self) -> Router<Self> {
        let mut router = Router::new();
        for endpoint in Endpoint::ALL {
            for path in paths(self.settings(), endpoint) {
                router = router.route(&path, self.endpoint(endpoint));
                if endpoint == Endpoint::Sessions {
                    let one = devices::SESSION.serve(self, delete(devices::end));
                    router = router.route(&devices::path_of_one(&path), one);
                }
            }
        }
        for (path, file) in swagger::files(&paths(self.settings(), Endpoint::SwaggerUi)) {
            router = router.route(&path, get(move || async move { file.answer() }));
        }
        router
    }

    /// With what surrounds every answer.
    fn framed(&self, router: Router<Self>) -> Router {
        cors::layered(router.with_state(self.clone()), &self.settings().cors)
            .layer(CatchPanicLayer::custom(frame::panicked))
            .layer(middleware::from_fn_with_state(self.clone(), frame::frame))
    }

    fn endpoint(&self, endpoint: Endpoint) -> MethodRouter<Self> {
        match endpoint {
            Endpoint::TokenObtain => token::OBTAIN.serve(self, post(token::obtain)),
            Endpoint::TokenRefresh => token::REFRESH.serve(self, post(token::refresh)),
            Endpoint::TokenVerify => token::VERIFY.serve(self, post(token::verify)),
            Endpoint::TokenBlacklist => token::BLACKLIST.serve(self, post(token::blacklist)),
            Endpoint::SlidingObtain => token::SLIDING_OBTAIN.serve(self, post(token::obtain_sliding)),
            Endpoint::SlidingRefresh => token::SLIDING_REFRESH.serve(self, post(token::refresh_sliding)),
            Endpoint::Logout => logout::LOGOUT.serve(self, post(logout::logout)),
            Endpoint::Me => me::ME.serve(self, get(me::me).post(me::me)),
            Endpoint::Sessions => devices::SESSIONS.serve(self, get(devices::list)),
            Endpoint::JwtLogin => hand_made::LOGIN.serve(self, post(hand_made::login)),
            Endpoint::JwtInfo => hand_made::INFO.serve(self, get(me::me)),
            Endpoint::AuthToken => auth_token::OBTAIN.serve(self, post(auth_token::obtain)),
            Endpoint::SessionLogin => session::LOGIN.serve(self, post(session::login)),
            Endpoint::SessionLogout => session::LOGOUT.serve(self, post(session::logout)),
            Endpoint::CookieSignup => signup::SIGNUP.serve(self, post(signup::signup)),
            Endpoint::CookieLogin => cookie::LOGIN.serve(self, post(cookie::login)),
            Endpoint::CookieLogout => cookie::LOGOUT.serve(self, post(cookie::logout)),
            Endpoint::CookieRefresh => cookie::REFRESH.serve(self, post(cookie::refresh)),
            Endpoint::Schema => openapi::SCHEMA.serve(self, get(openapi::schema)),
            Endpoint::SwaggerUi => swagger::SWAGGER_UI.serve(self, get(swagger::page)),
            Endpoint::Jwks => get(jwks::jwks),
            Endpoint::Health => get(health::health),
            Endpoint::Ready => get(health::ready),
        }
    }

    fn settings(&self) -> &Settings {
        self.auth.settings()
    }

    /// Where an endpoint is to be found, if it is served: the path to show.
    fn first_path(&self, endpoint: Endpoint) -> Option<String> {
        paths(self.settings(), endpoint).into_iter().next()
    }
}

/// The paths of an endpoint, where slashes are optional in both spellings.
fn paths(settings: &Settings, endpoint: Endpoint) -> Vec<String> {
    let mut paths = Vec::new();
    for path in settings.urls.paths.get(&endpoint).into_iter().flatten() {
        let path = routing::canonical(path);
        let other = path.strip_suffix('/').map_or_else(|| format!("{path}/"), str::to_owned);
        paths.push(path);
        if settings.urls.slash == Slash::Optional && !other.is_empty() {
            paths.push(other);
        }
    }
    paths
}
