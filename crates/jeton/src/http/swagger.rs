//! Swagger UI: a page of our own with its files, all from here. The files are those of its release, compressed as they came.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::App;
use super::contract::Success;
use super::csrf;
use super::negotiation::Renderers;
use super::pages;
use super::routing;
use super::view::View;
use crate::settings::Endpoint;

pub(super) static SWAGGER_UI: View = View::open("Swagger UI", "The API, to read and to try.", &[])
    .allow("GET, HEAD, OPTIONS")
    .renderers(Renderers::PageOnly)
    .success(Success::object(|_| None));

#[derive(Template)]
#[template(path = "swagger.html")]
struct Page {
    /// The folder of the files.
    files: String,
    schema: String,
    /// Which cookie goes back in which header, so that a session may be tried.
    csrf_cookie: String,
    csrf_header: String,
    version: &'static str,
}

pub(super) async fn page(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(schema) = app.first_path(Endpoint::Schema) else {
        return routing::not_found();
    };
    let csrf = &app.settings().csrf;
    let page = Page {
        files: folder(uri.path()),
        schema,
        csrf_cookie: csrf.cookie.name.clone(),
        csrf_header: csrf.header_name.clone(),
        version: VERSION,
    };
    let mut response = (StatusCode::OK, pages::text(&page)).into_response();
    let own = response.headers_mut();
    own.insert(header::CONTENT_TYPE, HeaderValue::from_static(pages::CONTENT_TYPE));
    own.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    let (_, cookie) = csrf::form_token(&app, &headers, app.auth.now());
    own.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// A file that the page loads.
#[derive(Debug)]
pub(super) struct File {
    name: &'static str,
    content_type: &'static str,
    encoding: Option<&'static str>,
    content: &'static [u8],
}

/// The files, each with its path beside the pages at these paths.
pub(super) fn files(pages: &[String]) -> BTreeMap<String, &'static File> {
    let folders = pages.iter().map(|page| folder(page));
    folders.flat_map(|folder| FILES.iter().map(move |file| (format!("{folder}{}", file.name), file))).collect()
}

impl File {
    /// Its content. Its address changes with the version, so it may be kept.
    pub(super) fn answer(&self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(self.content_type)),
            (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=604800")),
        ];
        let mut response = (headers, self.content).into_response();
        let encoding = self.encoding.map(|encoding| (header::CONTENT_ENCODING, HeaderValue::from_static(encoding)));
        response.headers_mut().extend(encoding);
        response
    }
}

/// The path with a slash behind it.
fn folder(path: &str) -> String {
    format!("{}/", path.trim_end_matches('/'))
}

static FILES: [File; 4] = [
    File {
        name: "swagger-ui.css",
        content_type: CSS,
        encoding: Some("gzip"),
        content: include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui.css.gz")),
    },
    File {
        name: "swagger-ui-bundle.js",
        content_type: SCRIPT,
        encoding: Some("gzip"),
        content: include_bytes!(concat!(env!("OUT_DIR"), "/swagger-ui-bundle.js.gz")),
    },
    File {
        name: "start.js",
        content_type: SCRIPT,
        encoding: None,
        content: include_bytes!("../../../../web/scripts/swagger.js"),
    },
    File {
        name: "page.css",
        content_type: CSS,
        encoding: None,
        content: include_bytes!("../../../../web/styles/swagger.css"),
    },
];

const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
/// Our own release counts as well: one of the scripts is ours.
const VERSION: &str = concat!(env!("SWAGGER_UI_VERSION"), "-", env!("CARGO_PKG_VERSION"));
/// Its styles hold pictures, and it sets styles of elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
