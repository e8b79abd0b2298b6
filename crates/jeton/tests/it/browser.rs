//! A browser in a test: it keeps cookies and sends them back, and can lie about everything else.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;

use crate::site::{PASSWORD, Reply, Site};

pub(crate) const LOGIN: &str = "/api/v1/users/login";
pub(crate) const LOGOUT: &str = "/api/v1/users/logout";
pub(crate) const HOST: &str = "site.example";

#[derive(Clone)]
pub(crate) struct Browser<'a> {
    pub(crate) site: &'a Site,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(site: &'a Site) -> Self {
        Self { site, cookies: BTreeMap::new() }
    }

    /// With this user's session.
    pub(crate) async fn signed_in(site: &'a Site, username: &str) -> Self {
        let mut browser = Self::new(site);
        let reply = browser.login(username).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        browser
    }

    pub(crate) async fn login(&mut self, username: &str) -> Reply {
        let body = json!({"username": username, "password": PASSWORD}).to_string();
        let token = self.cookies.get("csrftoken").cloned().unwrap_or_default();
        let headers = [("Content-Type", "application/json"), ("X-CSRFToken", token.as_str())];
        self.send(Method::POST, LOGIN, &headers, body).await
    }

    pub(crate) async fn logout(&mut self) -> Reply {
        let token = self.cookie("csrftoken");
        self.send(Method::POST, LOGOUT, &[("X-CSRFToken", &token)], "").await
    }

    pub(crate) async fn me(&mut self) -> Reply {
        self.send(Method::GET, "/api/me/", &[], "").await
    }

    /// A request with the cookies that there are; what the answer sets is kept.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("Host", HOST);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("Cookie", pairs.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = self.site.send(request.body(body.into()).unwrap()).await;
        for (name, value) in set_cookies(&reply) {
            match value.as_str() {
                "\"\"" => _ = self.cookies.remove(&name),
                _ => _ = self.cookies.insert(name, value),
            }
        }
        reply
    }

    pub(crate) fn cookie(&self, name: &str) -> String {
        self.cookies.get(name).unwrap_or_else(|| panic!("no cookie {name}")).clone()
    }
}

/// The names and values that an answer sets, in its order.
pub(crate) fn set_cookies(reply: &Reply) -> Vec<(String, String)> {
    let set = reply.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
    set.map(|cookie| {
        let (name, rest) = cookie.split_once('=').unwrap();
        (name.to_owned(), rest.split(';').next().unwrap().to_owned())
    })
    .collect()
}
