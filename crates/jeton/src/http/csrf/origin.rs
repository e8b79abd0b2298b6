//! Where a request comes from, as its browser tells, and whether that site may act for users here.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, header};

use super::super::App;
use super::super::error::ApiError;
use super::super::proxy::{host, is_secure};
use crate::settings::{Csrf, Settings};

/// Refuses what another site's page sends: for endpoints that a cookie or a password opens, before anybody is known.
/// Programs, which tell nothing of where they come from, pass. Does nothing where `csrf.check_origin` is off.
pub(in super::super) fn check_origin(parts: &Parts, app: &App) -> Result<(), ApiError> {
    match app.settings().csrf.check_origin {
        true => Provenance::of(parts, app).check(app.settings()).map_err(ApiError::ForeignOrigin),
        false => Ok(()),
    }
}

/// The same for requests that change something and that a cookie alone opens: there is no switch for that.
pub(in super::super) fn check_cookie_request(parts: &Parts, app: &App) -> Result<(), ApiError> {
    match parts.method {
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE => Ok(()),
        _ => Provenance::of(parts, app).check(app.settings()).map_err(ApiError::ForeignOrigin),
    }
}

/// What a request says of where it comes from.
#[derive(Clone, Debug, Default)]
pub(super) struct Provenance {
    pub(super) origin: Option<String>,
    pub(super) referer: Option<String>,
    pub(super) fetch_site: FetchSite,
    /// The host that was asked, with its port if it is not the usual one.
    pub(super) host: Option<String>,
    pub(super) is_secure: bool,
}

/// `Sec-Fetch-Site`, which no page can write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FetchSite {
    SameOrigin,
    SameSite,
    CrossSite,
    /// Typed or bookmarked, from no browser, or from one that does not tell.
    #[default]
    Untold,
}

impl Provenance {
    pub(super) fn of(parts: &Parts, app: &App) -> Self {
        let text = |name| header_text(&parts.headers, &name);
        Self {
            origin: text(header::ORIGIN),
            referer: text(header::REFERER),
            fetch_site: FetchSite::of(&parts.headers),
            host: host(parts).map(str::to_owned),
            is_secure: is_secure(parts, app),
        }
    }

    /// What vouches for a request, in order: `Origin`, `Sec-Fetch-Site`, `Referer`. The one that fails is told.
    fn check(&self, settings: &Settings) -> Result<(), String> {
        let trusts = |origin: &str| {
            is_trusted(origin, &settings.csrf.trusted_origins)
                || settings.cors.allowed_origins.iter().any(|allowed| allowed == origin)
        };
        if let Some(origin) = &self.origin {
            let is_own = self.is_own(origin, true) && self.fetch_site != FetchSite::CrossSite;
            return if is_own || trusts(origin) { Ok(()) } else { Err(origin.clone()) };
        }
        match (self.fetch_site, &self.referer) {
            (FetchSite::SameOrigin, _) | (FetchSite::Untold, None) => Ok(()),
            (FetchSite::SameSite | FetchSite::CrossSite, _) => Err("another site".to_owned()),
            (FetchSite::Untold, Some(referer)) => {
                let origin = Url::split(referer).map(|url| format!("{}://{}", url.scheme, url.host));
                match origin {
                    Some(origin) if self.is_own(&origin, true) || trusts(&origin) => Ok(()),
                    Some(_) | None => Err(referer.clone()),
                }
            }
        }
    }

    /// Django's check of `Origin`. With `believe_browser` an https page of this host passes where Jeton does not know
    /// that TLS ends in front of it, if the browser says that page and request have one origin.
    pub(super) fn is_allowed(&self, origin: &str, csrf: &Csrf, believe_browser: bool) -> bool {
        self.is_own(origin, believe_browser) || is_trusted(origin, &csrf.trusted_origins)
    }

    fn is_own(&self, origin: &str, believe_browser: bool) -> bool {
        let Some(host) = &self.host else { return false };
        match origin.split_once("://") {
            Some(("https", name)) => {
                let vouched = believe_browser && self.fetch_site == FetchSite::SameOrigin;
                name == host && (self.is_secure || vouched)
            }
            Some(("http", name)) => name == host && !self.is_secure,
            Some(_) | None => false,
        }
    }

    /// Django's check of `Referer`, for HTTPS requests without `Origin`.
    pub(super) fn check_referer(&self, csrf: &Csrf) -> Result<(), String> {
        let failed = |why: &str| Err(format!("Referer checking failed - {why}"));
        let Some(referer) = &self.referer else {
            return failed("no Referer.");
        };
        let Some(url) = Url::split(referer).filter(|url| !url.host.is_empty()) else {
            return failed("Referer is malformed.");
        };
        if url.scheme != "https" {
            return failed("Referer is insecure while host is secure.");
        }
        let mut hosts = csrf.trusted_origins.iter().filter_map(|origin| origin.split_once("://"));
        if hosts.any(|(_, host)| is_same_domain(url.host, host.trim_start_matches('*'))) {
            return Ok(());
        }
        let host = self.host.as_deref().unwrap_or_default();
        let good = match &csrf.cookie.domain {
            None => host.to_owned(),
            Some(domain) => match port(host) {
                Some(port) if port != "443" && port != "80" => format!("{domain}:{port}"),
                Some(_) | None => domain.clone(),
            },
        };
        match is_same_domain(url.host, &good) {
            true => Ok(()),
            false => failed(&format!("{} does not match any trusted origins.", url.text())),
        }
    }
}

impl FetchSite {
    fn of(headers: &HeaderMap) -> Self {
        match headers.get("sec-fetch-site").map(axum::http::HeaderValue::as_bytes) {
            Some(b"same-origin") => Self::SameOrigin,
            Some(b"same-site") => Self::SameSite,
            Some(b"cross-site") => Self::CrossSite,
            Some(_) | None => Self::Untold,
        }
    }
}

/// A header as WSGI hands it over: bytes as letters, several joined by commas.
pub(super) fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let latin = |value: &axum::http::HeaderValue| value.as_bytes().iter().map(|&byte| char::from(byte)).collect();
    let values: Vec<String> = headers.get_all(name).iter().map(latin).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// The very origin, or a subdomain of one with a star.
pub(super) fn is_trusted(origin: &str, trusted: &[String]) -> bool {
    trusted.iter().any(|entry| match entry.split_once("://*") {
        None => entry == origin,
        Some((scheme, domain)) => {
            Url::split(origin).is_some_and(|url| url.scheme == scheme && is_same_domain(url.host, domain))
        }
    })
}

/// Django's `is_same_domain`: a pattern that begins with a dot covers subdomains, too.
fn is_same_domain(host: &str, pattern: &str) -> bool {
    let pattern = pattern.to_lowercase();
    match pattern.strip_prefix('.') {
        Some(domain) => host == domain || host.ends_with(&pattern),
        None => !pattern.is_empty() && host == pattern,
    }
}

fn port(host: &str) -> Option<&str> {
    host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'))
}

/// A URL as Python's `urlsplit` takes it apart; nothing if it has no scheme or no host.
struct Url<'a> {
    scheme: String,
    host: &'a str,
    rest: &'a str,
}

impl<'a> Url<'a> {
    fn split(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.trim_start_matches(|c: char| c <= ' ').split_once("://")?;
        let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
        let (host, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        is_scheme.then(|| Self { scheme: scheme.to_ascii_lowercase(), host, rest })
    }

    /// Put together again: a query or a fragment without letters is left out.
    fn text(&self) -> String {
        let (rest, fragment) = self.rest.split_once('#').unwrap_or((self.rest, ""));
        let rest = rest.strip_suffix('?').filter(|path| !path.contains('?')).unwrap_or(rest);
        let fragment = if fragment.is_empty() { String::new() } else { format!("#{fragment}") };
        format!("{}://{}{rest}{fragment}", self.scheme, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Compatibility;

    fn csrf(trusted: &[&str], domain: Option<&str>) -> Csrf {
        let mut csrf = Csrf::defaults(Compatibility::Exact);
        csrf.trusted_origins = trusted.iter().map(|&origin| origin.to_owned()).collect();
        csrf.cookie.domain = domain.map(str::to_owned);
        csrf
    }

    fn referer(referer: Option<&str>, csrf: &Csrf) -> Result<(), String> {
        let host = Some("app.example:8443".to_owned());
        let from = Provenance { referer: referer.map(str::to_owned), host, is_secure: true, ..Provenance::default() };
        from.check_referer(csrf)
    }

    #[test]
    fn an_origin_is_compared_whole() {
        let from = Provenance { host: Some("app.example".to_owned()), ..Provenance::default() };
        let csrf = csrf(&["https://front.example", "https://*.sub.example"], None);
        for good in ["http://app.example", "https://front.example", "https://a.sub.example", "https://sub.example"] {
            assert!(from.is_allowed(good, &csrf, false), "{good}");
        }
        for bad in [
            "https://app.example",
            "http://app.example:80",
            "http://app.example.evil",
            "http://evil.app.example",
            "https://front.example.evil",
            "http://front.example",
            "https://evilsub.example",
            "http://a.sub.example",
            "null",
            "",
        ] {
            assert!(!from.is_allowed(bad, &csrf, false), "{bad}");
        }
    }

    #[test]
    fn a_browser_vouches_for_https_that_ends_in_front() {
        let mut from = Provenance { host: Some("app.example".to_owned()), ..Provenance::default() };
        let csrf = csrf(&[], None);
        assert!(!from.is_allowed("https://app.example", &csrf, true));
        from.fetch_site = FetchSite::SameOrigin;
        assert!(from.is_allowed("https://app.example", &csrf, true));
        assert!(!from.is_allowed("https://app.example", &csrf, false));
        from.is_secure = true;
        assert!(from.is_allowed("https://app.example", &csrf, false));
        assert!(!from.is_allowed("http://app.example", &csrf, true));
    }

    #[test]
    fn a_referer_is_judged_as_django_does() {
        let plain = csrf(&["https://front.example", "https://*.sub.example"], None);
        assert_eq!(referer(None, &plain).unwrap_err(), "Referer checking failed - no Referer.");
        for malformed in ["", "app.example", "https://", "https:///x", "//app.example/"] {
            let refused = referer(Some(malformed), &plain).unwrap_err();
            assert_eq!(refused, "Referer checking failed - Referer is malformed.", "{malformed}");
        }
        let insecure = "Referer checking failed - Referer is insecure while host is secure.";
        assert_eq!(referer(Some("http://app.example:8443/x"), &plain).unwrap_err(), insecure);
        for good in
            ["https://app.example:8443/x?y", "https://front.example/", "https://a.sub.example", "HTTPS://sub.example"]
        {
            assert_eq!(referer(Some(good), &plain), Ok(()), "{good}");
        }
        let foreign = referer(Some("https://app.example/login?next=/"), &plain).unwrap_err();
        let told = "https://app.example/login?next=/ does not match any trusted origins.";
        assert_eq!(foreign, format!("Referer checking failed - {told}"));
        for (sent, told) in [
            ("HTTPS://evil/#", "https://evil/"),
            ("https://evil/?#", "https://evil/"),
            ("https://evil?a?#b", "https://evil?a?#b"),
        ] {
            let foreign = referer(Some(sent), &plain).unwrap_err();
            assert_eq!(foreign, format!("Referer checking failed - {told} does not match any trusted origins."));
        }
    }

    #[test]
    fn a_cookie_domain_stands_in_for_the_host() {
        let wide = csrf(&[], Some(".app.example"));
        assert!(referer(Some("https://app.example/"), &wide).is_err(), "the port is part of it");
        assert_eq!(referer(Some("https://x.app.example:8443/"), &wide), Ok(()));
    }
}
