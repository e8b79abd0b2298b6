//! OpenAPI, made of the views that are served: what they read, what they answer, and who may call them.

mod components;
mod operation;

use axum::extract::State;
use axum::http::{HeaderValue, Uri, header};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::contract::Success;
use super::error::ApiError;
use super::negotiation::Renderers;
use super::view::View;
use super::{App, devices, yaml};
use crate::settings::{Endpoint, Settings};

/// A version of OpenAPI.
///
/// ```
/// use jeton::OpenapiVersion;
///
/// assert_eq!(OpenapiVersion::of("3.1"), Some(OpenapiVersion::V3_1));
/// assert_eq!(OpenapiVersion::of("2.0"), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenapiVersion {
    /// 3.0.3, as drf-spectacular writes it.
    #[default]
    V3_0,
    /// 3.1.0.
    V3_1,
}

pub(super) static SCHEMA: View = View::open(
    "Spectacular Api",
    "OpenApi3 schema for this API. Format can be selected via content negotiation.\n\n\
     - YAML: application/vnd.oai.openapi\n- JSON: application/vnd.oai.openapi+json",
    &[],
)
.allow("GET, HEAD, OPTIONS")
.renderers(Renderers::Schema)
.success(Success::EMPTY_OBJECT);

pub(super) async fn schema(State(app): State<App>, uri: Uri) -> Result<Answer, ApiError> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let version = match pairs.filter(|(name, _)| name == "version").last() {
        None => OpenapiVersion::default(),
        Some((_, number)) => OpenapiVersion::of(&number).ok_or(ApiError::FormatNotFound)?,
    };
    let disposition = HeaderValue::from_static("inline; filename=\"jeton-openapi\"");
    Ok(Answer::ok(document(app.settings(), version)).with(header::CONTENT_DISPOSITION, disposition))
}

impl OpenapiVersion {
    /// The version of this number, with or without its last part.
    pub fn of(number: &str) -> Option<Self> {
        match number {
            "3.0" | "3.0.3" => Some(Self::V3_0),
            "3.1" | "3.1.0" => Some(Self::V3_1),
            _ => None,
        }
    }

    const fn number(self) -> &'static str {
        match self {
            Self::V3_0 => "3.0.3",
            Self::V3_1 => "3.1.0",
        }
    }
}

/// The schema of a service with these settings, as YAML.
pub fn openapi_yaml(settings: &Settings, version: OpenapiVersion) -> String {
    yaml::yaml(&document(settings, version))
}

/// The schema of a service with these settings, as JSON.
pub fn openapi_json(settings: &Settings, version: OpenapiVersion) -> Value {
    document(settings, version)
}

fn document(settings: &Settings, version: OpenapiVersion) -> Value {
    let served = served(settings);
    let prefix = common_prefix(served.iter().map(|(path, _)| path.as_str()));
    let mut ids = operation::Ids::default();
    let mut paths = Map::new();
    for (path, view) in &served {
        let methods = ["GET", "POST", "DELETE"].into_iter().filter(|method| view.has_method(method));
        let operations = methods.map(|method| {
            let route = operation::Route { inner: path.strip_prefix(&prefix).unwrap_or(path), method };
            (method.to_lowercase(), operation::operation(view, &route, &mut ids, settings))
        });
        paths.insert(path.clone(), operations.collect::<Map<_, _>>().into());
    }
    json!({
        "openapi": version.number(),
        "info": {
            "title": "Jeton",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Sign-in: tokens, and who is calling.",
        },
        "paths": paths,
        "components": components::components(&served, settings),
    })
}

/// The paths that are served, with their views, in the order of their segments.
fn served(settings: &Settings) -> Vec<(String, &'static View)> {
    let mut served: Vec<_> = Endpoint::ALL
        .into_iter()
        .filter_map(|endpoint| Some((endpoint, view(endpoint)?)))
        .flat_map(|(endpoint, view)| {
            let paths = settings.urls.paths.get(&endpoint).into_iter().flatten();
            let one = move |path: &String| {
                (endpoint == Endpoint::Sessions).then(|| (devices::path_of_one(path), &devices::SESSION))
            };
            paths.flat_map(move |path| [(path.clone(), view)].into_iter().chain(one(path)))
        })
        .collect();
    served.sort_by(|(one, _), (other, _)| one.split('/').cmp(other.split('/')));
    served
}

/// Every view of which a schema or a page can tell.
#[cfg(test)]
pub(super) fn views() -> impl Iterator<Item = &'static View> {
    let views = Endpoint::ALL.into_iter().filter_map(view).chain([&devices::SESSION]);
    views.filter(|view| view.renderers != Renderers::Schema)
}

/// The view of an endpoint. Pages, keys and probes are none of the API.
const fn view(endpoint: Endpoint) -> Option<&'static View> {
    match endpoint {
        Endpoint::TokenObtain => Some(&super::token::OBTAIN),
        Endpoint::TokenRefresh => Some(&super::token::REFRESH),
        Endpoint::TokenVerify => Some(&super::token::VERIFY),
        Endpoint::TokenBlacklist => Some(&super::token::BLACKLIST),
        Endpoint::SlidingObtain => Some(&super::token::SLIDING_OBTAIN),
        Endpoint::SlidingRefresh => Some(&super::token::SLIDING_REFRESH),
        Endpoint::Logout => Some(&super::logout::LOGOUT),
        Endpoint::Me => Some(&super::me::ME),
        Endpoint::CookieSignup => Some(&super::signup::SIGNUP),
        Endpoint::CookieLogin => Some(&super::cookie::LOGIN),
        Endpoint::CookieLogout => Some(&super::cookie::LOGOUT),
        Endpoint::CookieRefresh => Some(&super::cookie::REFRESH),
        Endpoint::SessionLogin => Some(&super::session::LOGIN),
        Endpoint::SessionLogout => Some(&super::session::LOGOUT),
        Endpoint::Sessions => Some(&devices::SESSIONS),
        Endpoint::JwtLogin => Some(&super::hand_made::LOGIN),
        Endpoint::JwtInfo => Some(&super::hand_made::INFO),
        Endpoint::AuthToken => Some(&super::auth_token::OBTAIN),
        Endpoint::Schema => Some(&SCHEMA),
        Endpoint::SwaggerUi | Endpoint::Jwks | Endpoint::Health | Endpoint::Ready => None,
    }
}

/// The folder that all paths lie in, without its last slash.
fn common_prefix<'a>(mut paths: impl Iterator<Item = &'a str>) -> String {
    let segments = |path: &'a str| path.trim_end_matches('/').split('/').collect::<Vec<_>>();
    let Some(mut common) = paths.next().map(segments) else {
        return String::new();
    };
    for path in paths {
        let same = common.iter().zip(segments(path)).take_while(|(one, other)| **one == *other).count();
        common.truncate(same);
    }
    common.join("/")
}
