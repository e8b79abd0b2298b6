//! `/healthz` and `/readyz`: is the process alive, and should it be sent requests.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;

use super::App;
use crate::auth::Unready;

pub(super) async fn health() -> impl IntoResponse {
    axum::response::Response::builder()
        .header("Content-Type", "application/json")
        .body(json!({"status": "ok"}).to_string())
        .unwrap_or_default()
}

pub(super) async fn ready(State(app): State<App>) -> impl IntoResponse {
    let (status, word) = if app.draining.load(Ordering::Relaxed) {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping")
    } else if let Err(error) = app.auth.store().ping().await {
        tracing::error!(%error, "the database does not answer");
        (StatusCode::SERVICE_UNAVAILABLE, "no database")
    } else {
        match app.auth.unready() {
            None => (StatusCode::OK, "ready"),
            Some(Unready::CutOff) => (StatusCode::SERVICE_UNAVAILABLE, "cut off"),
            Some(Unready::Clock) => (StatusCode::SERVICE_UNAVAILABLE, "clock differs"),
        }
    };
    (status, [("Content-Type", "application/json")], json!({"status": word}).to_string())
}
