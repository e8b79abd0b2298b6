//! The CSRF matrix: what a request says of where it comes from, times what it shows, for every endpoint that a browser
//! opens by itself.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode};
use jeton::settings::{AuthenticationClass, Compatibility};
use serde_json::json;

use crate::browser::{Browser, HOST, LOGIN, LOGOUT, set_cookies};
use crate::site::{PASSWORD, Reply, Site, settings};

/// Who a header says the page is, and whether that page may act here: by Django's rules, and by those of safe.
type Axis = [(Option<&'static str>, bool, bool)];

const TRUSTED: &str = "https://front.example";

/// `Origin`: absent, our own, trusted, or anything else.
const ORIGINS: &Axis = &[
    (None, true, true),
    (Some("http://site.example"), true, true),
    (Some(TRUSTED), true, true),
    (Some("https://a.sub.example"), true, true),
    (Some("https://evil.example"), false, false),
    (Some("null"), false, false),
    (Some(""), false, false),
    (Some("http://site.example:81"), false, false),
    (Some("http://site.example.evil.example"), false, false),
    (Some("https://front.example.evil.example"), false, false),
    (Some("http://front.example"), false, false),
    (Some("https://evilsub.example"), false, false),
    (Some("http://SITE.example"), false, false),
];

const REFERERS: [Option<&str>; 3] = [None, Some("http://site.example/page"), Some("https://evil.example/page")];

const FETCH_SITES: [Option<&str>; 5] = [None, Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none")];

async fn site(compatibility: Compatibility) -> Site {
    let mut settings = settings(compatibility);
    settings.authentication.classes = vec![AuthenticationClass::Session, AuthenticationClass::Jwt];
    settings.csrf.trusted_origins = vec![TRUSTED.to_owned(), "https://*.sub.example".to_owned()];
    settings.cors.allowed_origins = vec!["https://cors.example".to_owned()];
    Site::new(settings).await
}

fn detail(reply: &Reply) -> String {
    reply.json()["detail"].as_str().unwrap_or_default().to_owned()
}

/// What a request shows of its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    Nothing,
    Good,
    Masked,
    OfAnotherSession,
    Wrong,
    Malformed,
}

/// Where it shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Json,
    Form,
    Multipart,
    Plain,
}

struct Case<'a> {
    origin: Option<&'a str>,
    referer: Option<&'a str>,
    fetch_site: Option<&'a str>,
}

impl Case<'_> {
    fn headers(&self) -> Vec<(&str, &str)> {
        let all = [("Origin", self.origin), ("Referer", self.referer), ("Sec-Fetch-Site", self.fetch_site)];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn provenances() -> Vec<(Case<'static>, bool, bool)> {
    let mut all = Vec::new();
    for &(origin, exact, safe) in ORIGINS {
        for referer in REFERERS {
            for fetch_site in FETCH_SITES {
                all.push((Case { origin, referer, fetch_site }, exact, safe));
            }
        }
    }
    all
}

fn is_trusted(origin: Option<&str>) -> bool {
    origin == Some(TRUSTED) || origin == Some("https://a.sub.example")
}

#[tokio::test]
async fn a_session_acts_for_pages_of_this_site_and_trusted_ones_alone() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = site(compatibility).await;
        let mut browser = Browser::signed_in(&site, "alice").await;
        let token = browser.cookie("csrftoken");
        for (case, exact, safe) in provenances() {
            let is_cross_site = case.fetch_site == Some("cross-site") && !is_trusted(case.origin);
            let reason = match (compatibility, case.origin) {
                (Compatibility::Exact, Some(origin)) if !exact => origin_failed(origin),
                (Compatibility::Safe, Some(origin)) if !safe => origin_failed(origin),
                (Compatibility::Safe, _) if is_cross_site => {
                    "CSRF Failed: the browser says that another site sent this request.".to_owned()
                }
                _ => String::new(),
            };
            for (path, good) in [("/api/me/", StatusCode::OK), (LOGIN, StatusCode::BAD_REQUEST)] {
                let mut headers = case.headers();
                headers.push(("X-CSRFToken", &token));
                let reply = browser.send(Method::POST, path, &headers, "").await;
                let shown = format!("{compatibility:?} {path} {:?}", case.headers());
                match reason.is_empty() {
                    // A signed-in browser's login passes the session's checks, and then those of logins.
                    true if path == LOGIN && reply.status == StatusCode::FORBIDDEN => {
                        assert!(is_foreign(&case) && compatibility == Compatibility::Safe, "{shown}");
                    }
                    true => assert_eq!(reply.status, good, "{shown} {}", reply.text),
                    false => {
                        assert_eq!((reply.status, detail(&reply)), (StatusCode::FORBIDDEN, reason.clone()), "{shown}");
                    }
                }
            }
            let read = browser.send(Method::GET, "/api/me/", &case.headers(), "").await;
            assert_eq!(read.status, StatusCode::OK, "reading changes nothing");
        }
    }
}

fn origin_failed(origin: &str) -> String {
    format!("CSRF Failed: Origin checking failed - {origin} does not match any trusted origins.")
}

/// What endpoints that nobody has signed in to yet make of it in safe: the first header that is there vouches.
fn is_foreign(case: &Case<'_>) -> bool {
    match (case.origin, case.fetch_site) {
        (Some("http://site.example"), fetch_site) => fetch_site == Some("cross-site"),
        (Some(origin), _) => !is_trusted(Some(origin)),
        (None, Some("same-origin")) => false,
        (None, Some("same-site" | "cross-site")) => true,
        (None, _) => case.referer == Some("https://evil.example/page"),
    }
}

/// Endpoints that sign in, or that a cookie opens without a session.
const OPEN_ENDPOINTS: [&str; 5] =
    [LOGIN, "/api/v1/login/", "/api/v1/signup/", "/api/v1/token/refresh/", "/api/v1/logout/"];

#[tokio::test]
async fn a_page_of_another_site_signs_nobody_in() {
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = site(compatibility).await;
        for path in OPEN_ENDPOINTS {
            for (case, _, _) in provenances() {
                for (content_type, body) in [
                    ("application/json", "{}"),
                    ("application/x-www-form-urlencoded", ""),
                    ("text/plain", "{\"username\":\"alice\",\"password\":\"x\"}"),
                ] {
                    let mut request = Request::post(path).header("Host", HOST).header("Content-Type", content_type);
                    for (name, value) in case.headers() {
                        request = request.header(name, value);
                    }
                    let reply = site.send(request.body(Body::from(body)).unwrap()).await;
                    let shown = format!("{compatibility:?} {path} {content_type} {:?} {}", case.headers(), reply.text);
                    match compatibility == Compatibility::Safe && is_foreign(&case) {
                        true => {
                            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{shown}");
                            assert!(detail(&reply).contains("csrf.trusted_origins"), "{shown}");
                            assert_eq!(set_cookies(&reply), []);
                        }
                        false => assert_ne!(reply.status, StatusCode::FORBIDDEN, "{shown}"),
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn an_origin_that_may_read_answers_may_sign_in_and_https_in_front_is_believed_of_the_browser() {
    let site = site(Compatibility::Safe).await;
    let login = async |headers: &[(&str, &str)]| {
        let body = json!({"username": "alice", "password": PASSWORD}).to_string();
        let mut all = vec![("Content-Type", "application/json")];
        all.extend(headers);
        Browser::new(&site).send(Method::POST, LOGIN, &all, body).await.status
    };
    assert_eq!(login(&[("Origin", "https://cors.example")]).await, StatusCode::OK);
    assert_eq!(login(&[("Origin", "https://site.example")]).await, StatusCode::FORBIDDEN);
    let https = [("Origin", "https://site.example"), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(login(&https).await, StatusCode::OK);
    let mut browser = Browser::signed_in(&site, "alice").await;
    let token = browser.cookie("csrftoken");
    let mut headers = https.to_vec();
    headers.push(("X-CSRFToken", &token));
    assert_eq!(browser.send(Method::POST, LOGOUT, &headers, "").await.status, StatusCode::OK);
}

/// The reason of a refusal, or nothing if it passes.
fn verdict(compatibility: Compatibility, cookie: Shown, sent: Shown, place: Place) -> Option<&'static str> {
    match cookie {
        Shown::Nothing => return Some("CSRF cookie not set."),
        Shown::Malformed => return Some("CSRF cookie has incorrect length."),
        Shown::Good | Shown::Masked | Shown::OfAnotherSession | Shown::Wrong => {}
    }
    let in_form = matches!(place, Place::Form | Place::Multipart);
    let said = |header, form| Some(if in_form { form } else { header });
    let plain = |shown| if shown == Shown::Masked { Shown::Good } else { shown };
    match sent {
        Shown::Nothing => return Some("CSRF token missing."),
        Shown::Malformed => {
            return said(
                "CSRF token from the 'X-Csrftoken' HTTP header has incorrect length.",
                "CSRF token from POST has incorrect length.",
            );
        }
        sent if plain(sent) != plain(cookie) => {
            return said("CSRF token from the 'X-Csrftoken' HTTP header incorrect.", "CSRF token from POST incorrect.");
        }
        Shown::Good | Shown::Masked | Shown::OfAnotherSession | Shown::Wrong => {}
    }
    let is_planted = plain(cookie) != Shown::Good;
    (compatibility == Compatibility::Safe && is_planted).then_some("CSRF token was not issued for this session.")
}

#[tokio::test]
async fn cookie_and_token_belong_together_and_in_safe_to_the_session() {
    let all = [Shown::Nothing, Shown::Good, Shown::Masked, Shown::OfAnotherSession, Shown::Wrong, Shown::Malformed];
    for compatibility in [Compatibility::Exact, Compatibility::Safe] {
        let site = site(compatibility).await;
        let browser = Browser::signed_in(&site, "alice").await;
        let token = browser.cookie("csrftoken");
        let of_another = Browser::signed_in(&site, "bob").await.cookie("csrftoken");
        let text = |shown| match shown {
            Shown::Nothing => None,
            Shown::Good => Some(token.clone()),
            Shown::Masked => Some(masked(&token)),
            Shown::OfAnotherSession => Some(of_another.clone()),
            Shown::Wrong => Some("A".repeat(32)),
            Shown::Malformed => Some("abc".to_owned()),
        };
        for cookie in all {
            for sent in all {
                for place in [Place::Json, Place::Form, Place::Multipart, Place::Plain] {
                    let mut tab = browser.clone();
                    tab.cookies.remove("csrftoken");
                    tab.cookies.extend(text(cookie).map(|token| ("csrftoken".to_owned(), token)));
                    let reply = show(&mut tab, text(sent), place).await;
                    let shown =
                        format!("{compatibility:?} cookie {cookie:?} sent {sent:?} in {place:?}: {}", reply.text);
                    if place == Place::Plain && !matches!(cookie, Shown::Nothing | Shown::Malformed) {
                        // The body is parsed when the token is looked for, and nobody takes this one.
                        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{shown}");
                        continue;
                    }
                    match verdict(compatibility, cookie, sent, place) {
                        None => assert_eq!(reply.status, StatusCode::OK, "{shown}"),
                        Some(reason) => {
                            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{shown}");
                            assert_eq!(detail(&reply), format!("CSRF Failed: {reason}"), "{shown}");
                        }
                    }
                }
            }
        }
    }
}

/// A request that changes something, with the token in a header, or in a form if it has one.
async fn show(browser: &mut Browser<'_>, token: Option<String>, place: Place) -> Reply {
    let token = token.as_deref();
    let in_header: Vec<(&str, &str)> = token.map(|token| ("X-CSRFToken", token)).into_iter().collect();
    let field = token.map(|token| format!("csrfmiddlewaretoken={token}&a=b")).unwrap_or_default();
    let part = token
        .map(|token| format!("--x\r\nContent-Disposition: form-data; name=\"csrfmiddlewaretoken\"\r\n\r\n{token}\r\n"));
    let (content_type, body, headers) = match place {
        Place::Json => ("application/json", "{}".to_owned(), in_header),
        Place::Plain => ("text/plain", "x".to_owned(), in_header),
        Place::Form => ("application/x-www-form-urlencoded", field, Vec::new()),
        Place::Multipart => ("multipart/form-data; boundary=x", part.unwrap_or_default() + "--x--\r\n", Vec::new()),
    };
    let mut all = vec![("Content-Type", content_type)];
    all.extend(headers);
    browser.send(Method::POST, "/api/me/", &all, body).await
}

/// The token shifted by a mask of the letter `b`, which stands before it.
fn masked(token: &str) -> String {
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let next = |letter: char| LETTERS.chars().cycle().skip_while(|&other| other != letter).nth(1).unwrap();
    "b".repeat(32) + &token.chars().map(next).collect::<String>()
}

#[tokio::test]
async fn whoever_lost_the_token_of_a_session_gets_a_new_one_with_the_refusal() {
    let site = site(Compatibility::Safe).await;
    let mut browser = Browser::signed_in(&site, "alice").await;
    let planted = "A".repeat(32);
    browser.cookies.insert("csrftoken".to_owned(), planted.clone());
    let post = async |browser: &mut Browser<'_>| {
        let token = browser.cookie("csrftoken");
        browser.send(Method::POST, "/api/me/", &[("X-CSRFToken", &token)], "").await.status
    };
    assert_eq!(post(&mut browser).await, StatusCode::FORBIDDEN);
    assert_ne!(browser.cookie("csrftoken"), planted);
    assert_eq!(post(&mut browser).await, StatusCode::OK);
    browser.cookies.insert("csrftoken".to_owned(), "odd".to_owned());
    browser.me().await;
    assert_eq!(post(&mut browser).await, StatusCode::OK, "a malformed one is replaced by one for the session");
}

#[tokio::test]
async fn a_form_that_was_looked_into_reaches_its_view_whole() {
    let site = site(Compatibility::Safe).await;
    let mut browser = Browser::signed_in(&site, "alice").await;
    let form = format!("csrfmiddlewaretoken={}&username=bob&password={PASSWORD}", browser.cookie("csrftoken"));
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let reply = browser.send(Method::POST, LOGIN, &headers, form.replace('!', "%21")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(browser.me().await.text_of("username"), "bob");
}

#[tokio::test]
async fn each_piece_of_safe_is_a_setting() {
    let mut settings = settings(Compatibility::Safe);
    settings.authentication.classes = vec![AuthenticationClass::Session];
    (settings.csrf.bind_to_session, settings.csrf.check_fetch_site, settings.csrf.check_origin) = (false, false, false);
    let site = Site::new(settings).await;
    let mut browser = Browser::signed_in(&site, "alice").await;
    browser.cookies.insert("csrftoken".to_owned(), "A".repeat(32));
    let planted = "A".repeat(32);
    let headers = [("X-CSRFToken", planted.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(browser.send(Method::POST, "/api/me/", &headers, "").await.status, StatusCode::OK);
    let foreign = [("Origin", "https://evil.example"), ("Content-Type", "application/json")];
    let body = json!({"username": "alice", "password": PASSWORD}).to_string();
    assert_eq!(Browser::new(&site).send(Method::POST, LOGIN, &foreign, body).await.status, StatusCode::OK);
}

#[tokio::test]
async fn where_https_ends_at_a_trusted_proxy_a_referer_has_to_be_good() {
    let mut settings = settings(Compatibility::Exact);
    settings.authentication.classes = vec![AuthenticationClass::Session];
    settings.server.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    let site = Site::new(settings).await;
    let browser = Browser::signed_in(&site, "alice").await;
    let post = async |proxy: [u8; 4], headers: &[(&str, &str)]| {
        let cookies = format!("sessionid={}; csrftoken={}", browser.cookie("sessionid"), browser.cookie("csrftoken"));
        let mut request = Request::post("/api/me/")
            .extension(ConnectInfo(SocketAddr::from((proxy, 50_000))))
            .header("Host", HOST)
            .header("X-Forwarded-Proto", "https")
            .header("Cookie", cookies)
            .header("X-CSRFToken", browser.cookie("csrftoken"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let reply = site.send(request.body(Body::empty()).unwrap()).await;
        if reply.status == StatusCode::OK { String::new() } else { detail(&reply) }
    };
    const PROXY: [u8; 4] = [10, 0, 0, 1];
    for (headers, reason) in [
        (&[][..], "CSRF Failed: Referer checking failed - no Referer."),
        (&[("Referer", "https://site.example/page")], ""),
        (
            &[("Referer", "http://site.example/")],
            "CSRF Failed: Referer checking failed - Referer is insecure while host is secure.",
        ),
        (
            &[("Referer", "https://evil.example/")],
            "CSRF Failed: Referer checking failed - https://evil.example/ does not match any trusted origins.",
        ),
        (&[("Origin", "https://site.example")], ""),
        (&[("Origin", "https://site.example"), ("Referer", "https://evil.example/")], ""),
        (
            &[("Origin", "http://site.example")],
            "CSRF Failed: Origin checking failed - http://site.example does not match any trusted origins.",
        ),
    ] {
        assert_eq!(post(PROXY, headers).await, reason, "{headers:?}");
    }
    assert_eq!(post([192, 0, 2, 1], &[]).await, "", "a stranger's word on HTTPS counts for nothing");
}
