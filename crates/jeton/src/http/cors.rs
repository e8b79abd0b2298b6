//! Which other origins may call, as `[cors]` says.

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::settings::Cors;

/// The router with CORS answers, or as it is if no origin is allowed.
pub(super) fn layered(router: Router, cors: &Cors) -> Router {
    if cors.allowed_origins.is_empty() {
        return router;
    }
    let origins: Vec<HeaderValue> = parsed(&cors.allowed_origins);
    let any = cors.allowed_origins.iter().any(|origin| origin == "*");
    let methods: Vec<Method> = parsed(&cors.allowed_methods);
    let allowed: Vec<HeaderName> = parsed(&cors.allowed_headers);
    let exposed: Vec<HeaderName> = parsed(&cors.exposed_headers);
    router.layer(
        CorsLayer::new()
            .allow_origin(if any { AllowOrigin::any() } else { AllowOrigin::list(origins) })
            .allow_credentials(cors.allow_credentials)
            .allow_methods(methods)
            .allow_headers(allowed)
            .expose_headers(exposed)
            .max_age(cors.max_age),
    )
}

/// The settings were checked when they were read; what no HTTP value can be made of is not allowed.
fn parsed<T: std::str::FromStr>(texts: &[String]) -> Vec<T> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}
