//! Cookies, read and written as Django reads and writes them.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use jeton_token::time::Timestamp;

use crate::settings::{CookieRules, SecureCookie};

/// The value of a cookie. Of several with the name the last counts; a quoted value is unquoted.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let pairs = headers.get_all(header::COOKIE).iter().flat_map(|header| header.as_bytes().split(|&byte| byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        (pair[..equals].trim_ascii() == name.as_bytes()).then(|| pair[equals + 1..].trim_ascii())
    });
    values.next_back().map(|value| unquote(&String::from_utf8_lossy(value)))
}

/// Adds a cookie to an answer, unless the answer sets one of that name already.
pub(super) fn add_cookie(headers: &mut HeaderMap, cookie: HeaderValue) {
    let name = |cookie: &HeaderValue| cookie.as_bytes().split(|&byte| byte == b'=').next().map(<[u8]>::to_owned);
    if headers.get_all(header::SET_COOKIE).iter().all(|set| name(set) != name(&cookie)) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// A cookie to be set.
#[derive(Clone, Debug)]
pub(super) struct SetCookie<'a> {
    pub(super) name: &'a str,
    pub(super) path: &'a str,
    pub(super) domain: Option<&'a str>,
    pub(super) same_site: &'a str,
    pub(super) is_secure: bool,
    pub(super) is_http_only: bool,
}

impl<'a> SetCookie<'a> {
    /// By the rules of a setting, for the host that these request headers name.
    pub(super) fn by(rules: &'a CookieRules, headers: &HeaderMap, is_http_only: bool) -> Self {
        Self {
            name: &rules.name,
            path: &rules.path,
            domain: rules.domain.as_deref(),
            same_site: rules.same_site.as_str(),
            is_secure: match rules.secure {
                SecureCookie::Always => true,
                SecureCookie::Never => false,
                SecureCookie::UnlessLocalhost => !is_localhost(headers),
            },
            is_http_only,
        }
    }

    /// The header that sets it for so long. The value has no character that would have to be quoted.
    pub(super) fn set(&self, value: &str, age: Duration, now: Timestamp) -> Option<HeaderValue> {
        self.header(value, &http_date(now + age), age.as_secs())
    }

    /// The header that deletes it: the attributes are those it was set with, or browsers would keep it.
    pub(super) fn delete(&self) -> Option<HeaderValue> {
        self.header("\"\"", "Thu, 01 Jan 1970 00:00:00 GMT", 0)
    }

    fn header(&self, value: &str, expires: &str, age: u64) -> Option<HeaderValue> {
        let mut text = format!("{}={value}", self.name);
        let mut attribute = |name: &str, value: &str| {
            let written = write!(text, "; {name}{value}");
            debug_assert!(written.is_ok(), "a String takes every text");
        };
        if let Some(domain) = self.domain {
            attribute("Domain=", domain);
        }
        attribute("expires=", expires);
        if self.is_http_only {
            attribute("HttpOnly", "");
        }
        attribute("Max-Age=", &age.to_string());
        attribute("Path=", self.path);
        attribute("SameSite=", self.same_site);
        if self.is_secure {
            attribute("Secure", "");
        }
        HeaderValue::from_str(&text).ok()
    }
}

/// Whether a browser asked the machine that it runs on: to such hosts some send no Secure cookie over plain HTTP. A proxy
/// may ask by such a name, too; then the origin of the page tells that it came by HTTPS.
fn is_localhost(headers: &HeaderMap) -> bool {
    if headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https:")) {
        return false;
    }
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost") || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// A moment as cookies write it (RFC 9110 §5.6.7).
pub(super) fn http_date(moment: Timestamp) -> String {
    let moment = jiff::Timestamp::from_second(moment.seconds()).unwrap_or_default();
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Python's `http.cookies._unquote`: a text in double quotes loses them, with `\"`, `\\` and octal escapes resolved.
fn unquote(text: &str) -> String {
    let Some(inside) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut unquoted = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((before, escaped)) = rest.split_once('\\') {
        unquoted.push_str(before);
        let octal = escaped.get(..3).filter(|digits| is_octal(digits));
        if let Some(code) = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            unquoted.push(char::from(code));
            rest = &escaped[3..];
        } else if let Some(letter) = escaped.chars().next() {
            unquoted.push(letter);
            rest = &escaped[letter.len_utf8()..];
        } else {
            unquoted.push('\\');
            rest = escaped;
        }
    }
    unquoted.push_str(rest);
    unquoted
}

fn is_octal(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    matches!(bytes.first(), Some(b'0'..=b'3')) && bytes.iter().all(|byte| matches!(byte, b'0'..=b'7'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Compatibility;

    fn read(headers: &[&str], name: &str) -> Option<String> {
        let values = headers.iter().map(|value| (header::COOKIE, HeaderValue::from_str(value).unwrap()));
        cookie(&HeaderMap::from_iter(values), name)
    }

    #[test]
    fn the_last_cookie_of_a_name_counts_and_quotes_go() {
        assert_eq!(read(&["a=1; b=2; a=3"], "a").as_deref(), Some("3"));
        assert_eq!(read(&["a=1", "a=4"], "a").as_deref(), Some("4"));
        assert_eq!(read(&["a=\"q\\\"u\\054\\\\\""], "a").as_deref(), Some("q\"u,\\"));
        assert_eq!(read(&["a=\""], "a").as_deref(), Some("\""));
        assert_eq!(read(&[" a = x=y "], "a").as_deref(), Some("x=y"));
        assert_eq!(read(&["A=1; b"], "a"), None);
    }

    #[test]
    fn a_cookie_is_secure_unless_the_host_is_this_machine() {
        let rules = CookieRules::defaults("a", Compatibility::Safe);
        let is_secure = |host: &str| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_str(host).unwrap())]);
            SetCookie::by(&rules, &headers, false).is_secure
        };
        for host in
            ["localhost", "LOCALHOST:8000", "app.localhost", "127.0.0.1:8000", "127.1.2.3", "[::1]:8000", "[::1]"]
        {
            assert!(!is_secure(host), "{host}");
        }
        for host in ["app.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1:8000", "[::2]", ""] {
            assert!(is_secure(host), "{host}");
        }
        assert!(SetCookie::by(&rules, &HeaderMap::new(), false).is_secure);
        let behind_a_proxy = [(header::HOST, "127.0.0.1:8000"), (header::ORIGIN, "https://app.example")];
        let headers = behind_a_proxy.map(|(name, value)| (name, HeaderValue::from_static(value)));
        assert!(SetCookie::by(&rules, &HeaderMap::from_iter(headers), false).is_secure);
    }

    #[test]
    fn an_answer_sets_each_cookie_once() {
        let mut headers = HeaderMap::new();
        for cookie in ["a=1; Path=/", "ab=2", "a=3", "ab=4"] {
            add_cookie(&mut headers, HeaderValue::from_static(cookie));
        }
        let set: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
        assert_eq!(set, ["a=1; Path=/", "ab=2"]);
    }

    #[test]
    fn a_cookie_is_deleted_with_the_attributes_it_was_set_with() {
        let cookie = SetCookie {
            name: "refresh",
            path: "/api/",
            domain: Some("example.com"),
            same_site: "Strict",
            is_secure: true,
            is_http_only: true,
        };
        let now = Timestamp::from_seconds(1_795_217_183);
        assert_eq!(
            cookie.set("x", Duration::from_secs(60), now).unwrap(),
            "refresh=x; Domain=example.com; expires=Fri, 20 Nov 2026 23:27:23 GMT; HttpOnly; Max-Age=60; Path=/api/; SameSite=Strict; Secure"
        );
        assert_eq!(
            cookie.delete().unwrap(),
            "refresh=\"\"; Domain=example.com; expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Max-Age=0; Path=/api/; SameSite=Strict; Secure"
        );
    }
}
