//! `/healthz` and `/readyz`: is the process alive, and should it be sent requests.

use std::sync::atomic::Ordering;
use std::time::Duration;

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
    } else if let Some(reason) = app.auth.unready() {
        let word = match reason {
            Unready::CutOff => "cut off",
            Unready::Clock => "clock differs",
        };
        (StatusCode::SERVICE_UNAVAILABLE, word)
    } else if !answers(&app).await {
        (StatusCode::SERVICE_UNAVAILABLE, "no database")
    } else {
        (StatusCode::OK, "ready")
    };
    (status, [("Content-Type", "application/json")], json!({"status": word}).to_string())
}

/// Whether the database answers while somebody still waits for it.
async fn answers(app: &App) -> bool {
    match tokio::time::timeout(PATIENCE, app.auth.store().ping()).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            tracing::error!(%error, "the database does not answer");
            false
        }
        Err(_) => {
            tracing::error!("the database does not answer in time");
            false
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(2);
