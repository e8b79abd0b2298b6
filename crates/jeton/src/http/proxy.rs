//! What proxies say of a request: believed only of those that the settings name.

use std::net::IpAddr;
use std::sync::Once;

use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use super::App;
use super::principal::Peer;
use crate::settings::{ForwardedHeader, Server};

/// The address of the client: the first one, from Jeton's side, that is no trusted proxy's.
pub(super) fn client_address(parts: &Parts, app: &App) -> Option<IpAddr> {
    let (peer, server) = (peer(parts)?, &app.settings().server);
    if !is_trusted(peer, server) && is_near(peer) && parts.headers.contains_key(header_name(server.forwarded_header)) {
        tell_once(peer);
    }
    Some(behind_proxies(peer, &parts.headers, server))
}

/// Whether the client came by HTTPS, as the nearest trusted proxy tells. Our own listener has none.
pub(super) fn is_secure(parts: &Parts, app: &App) -> bool {
    let server = &app.settings().server;
    peer(parts).is_some_and(|peer| is_trusted(peer, server)) && is_forwarded_https(&parts.headers, server)
}

/// The host that the client asked for, with its port if it named one.
pub(super) fn host(parts: &Parts) -> Option<&str> {
    parts.headers.get(header::HOST)?.to_str().ok()
}

/// The other end of the connection: of our own accept loop, or of whoever mounted the router.
fn peer(parts: &Parts) -> Option<IpAddr> {
    let ours = parts.extensions.get::<Peer>().map(|peer| peer.0);
    let theirs = || parts.extensions.get::<ConnectInfo<std::net::SocketAddr>>().map(|info| info.0);
    Some(ours.or_else(theirs)?.ip().to_canonical())
}

/// Walks from the peer towards the client, and stops at the first hop that is not a trusted proxy, or that a trusted
/// one does not name: whatever stands behind it anybody may have written.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, server: &Server) -> IpAddr {
    let mut client = peer;
    let lines = headers.get_all(header_name(server.forwarded_header)).iter().rev();
    for hop in lines.flat_map(|line| elements(line.as_bytes(), server.forwarded_header)) {
        if !is_trusted(client, server) {
            break;
        }
        let named = match server.forwarded_header {
            ForwardedHeader::XForwardedFor => node(hop),
            ForwardedHeader::Forwarded => parameter(hop, b"for").and_then(|text| node(&text)),
        };
        match named {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

fn is_forwarded_https(headers: &HeaderMap, server: &Server) -> bool {
    let name = match server.forwarded_header {
        ForwardedHeader::XForwardedFor => X_FORWARDED_PROTO,
        ForwardedHeader::Forwarded => header::FORWARDED,
    };
    let Some(line) = headers.get_all(name).iter().next_back() else { return false };
    let Some(&nearest) = elements(line.as_bytes(), server.forwarded_header).first() else { return false };
    match server.forwarded_header {
        ForwardedHeader::XForwardedFor => nearest.eq_ignore_ascii_case(b"https"),
        ForwardedHeader::Forwarded => {
            parameter(nearest, b"proto").is_some_and(|proto| proto.eq_ignore_ascii_case(b"https"))
        }
    }
}

fn is_trusted(address: IpAddr, server: &Server) -> bool {
    server.trusted_proxies.iter().any(|network: &IpNet| network.contains(&address))
}

/// On this machine or in a network of one's own, as one's proxies are.
fn is_near(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    }
}

fn tell_once(peer: IpAddr) {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            %peer,
            "somebody near speaks for others and is not believed: if it is your proxy, name it in server.trusted_proxies, \
             or the limits take all its clients for one"
        );
    });
}

fn header_name(header: ForwardedHeader) -> HeaderName {
    match header {
        ForwardedHeader::XForwardedFor => X_FORWARDED_FOR,
        ForwardedHeader::Forwarded => header::FORWARDED,
    }
}

/// The elements of a list, the last one first. Quotes count from the right, where the proxy wrote: one that a client
/// left open further left hides nothing.
fn elements(list: &[u8], header: ForwardedHeader) -> Vec<&[u8]> {
    match header {
        ForwardedHeader::XForwardedFor => list.rsplit(|&byte| byte == b',').map(<[u8]>::trim_ascii).collect(),
        ForwardedHeader::Forwarded => split_from_right(list, b','),
    }
}

fn split_from_right(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut parts, mut end, mut quoted) = (Vec::new(), text.len(), false);
    for position in (0..text.len()).rev() {
        let byte = text[position];
        if byte == b'"' && !is_escaped(&text[..position]) {
            quoted = !quoted;
        } else if byte == separator && !quoted {
            parts.push(text[position + 1..end].trim_ascii());
            end = position;
        }
    }
    parts.push(text[..end].trim_ascii());
    parts
}

fn is_escaped(before: &[u8]) -> bool {
    before.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// The value of a parameter of one element of `Forwarded`, without its quotes. One that stands there twice says nothing.
fn parameter(element: &[u8], name: &[u8]) -> Option<Vec<u8>> {
    let mut values = split_from_right(element, b';').into_iter().filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        pair[..equals].eq_ignore_ascii_case(name).then(|| &pair[equals + 1..])
    });
    let value = values.next().filter(|_| values.next().is_none())?;
    match value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) {
        Some(quoted) => Some(quoted.iter().copied().filter(|&byte| byte != b'\\').collect()),
        None => Some(value.to_vec()),
    }
}

/// An address, with or without a port; that of IPv6 in brackets or without.
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    let address = match text.strip_prefix('[') {
        Some(rest) => IpAddr::V6(rest.split_once(']')?.0.parse().ok()?),
        None => match text.parse() {
            Ok(address) => address,
            Err(_) => IpAddr::V4(text.split_once(':')?.0.parse().ok()?),
        },
    };
    Some(address.to_canonical())
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::Compatibility;

    fn server(header: ForwardedHeader) -> Server {
        let trusted_proxies = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap()).to_vec();
        Server { trusted_proxies, forwarded_header: header, ..Server::defaults(Compatibility::Safe) }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn client(header: ForwardedHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        behind_proxies(peer.parse().unwrap(), &headers(lines), &server(header)).to_string()
    }

    #[test]
    fn the_client_is_the_rightmost_hop_that_is_no_trusted_proxy() {
        let client = |peer, chain| client(ForwardedHeader::XForwardedFor, peer, &[("x-forwarded-for", chain)]);
        assert_eq!(client("10.0.0.1", "192.0.2.7"), "192.0.2.7");
        assert_eq!(client("10.0.0.1", "192.0.2.7, 10.0.0.2"), "192.0.2.7");
        assert_eq!(client("10.0.0.1", "198.51.100.1, 192.0.2.7, 10.0.0.2"), "192.0.2.7", "forged before the proxy");
        assert_eq!(client("10.0.0.1", "10.0.0.3,10.0.0.2"), "10.0.0.3", "a client among the proxies");
        assert_eq!(client("fd00::1", "[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(client("10.0.0.1", "192.0.2.7:50000"), "192.0.2.7");
        assert_eq!(client("10.0.0.1", "::ffff:192.0.2.7"), "192.0.2.7");
    }

    #[test]
    fn nobody_else_is_believed() {
        let forged = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")];
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            assert_eq!(client(header, "192.0.2.7", &forged), "192.0.2.7");
        }
        let other = [("forwarded", "for=198.51.100.1"), ("x-real-ip", "198.51.100.1")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &other), "10.0.0.1");
    }

    #[test]
    fn what_is_no_address_ends_the_walk_at_the_proxy_that_wrote_it() {
        let client = |chain| client(ForwardedHeader::XForwardedFor, "10.0.0.1", &[("x-forwarded-for", chain)]);
        for chain in
            ["", "unknown", "192.0.2.7, ,", "\"192.0.2.7\"", "192.0.2.7, 300.1.1.1", "192.0.2.7 192.0.2.8", "[::1"]
        {
            assert_eq!(client(chain), "10.0.0.1", "{chain}");
        }
        assert_eq!(client("198.51.100.1, nonsense, 10.0.0.2"), "10.0.0.2");
    }

    #[test]
    fn proxies_are_expected_near() {
        let is_near = |peer: &str| is_near(peer.parse().unwrap());
        assert!(is_near("127.0.0.1") && is_near("172.17.0.1") && is_near("::1") && is_near("fd00::1"));
        assert!(!is_near("192.0.2.1") && !is_near("2001:db8::1"));
    }

    #[test]
    fn several_lines_of_a_header_are_one_list() {
        let lines = [("x-forwarded-for", "198.51.100.1"), ("x-forwarded-for", "192.0.2.7, 10.0.0.2")];
        assert_eq!(client(ForwardedHeader::XForwardedFor, "10.0.0.1", &lines), "192.0.2.7");
    }

    #[test]
    fn forwarded_is_read_with_quotes_brackets_and_ports() {
        let client = |chain| client(ForwardedHeader::Forwarded, "10.0.0.1", &[("forwarded", chain)]);
        assert_eq!(client("for=192.0.2.7"), "192.0.2.7");
        assert_eq!(client("For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1"), "2001:db8::1");
        assert_eq!(client("for=\"198.51.100.1, for=192.0.2.7"), "192.0.2.7", "a quote that the client left open");
        assert_eq!(client("for=\"a\\\", for=192.0.2.7"), "192.0.2.7");
        assert_eq!(client("for=198.51.100.1, for=192.0.2.7;host=\"a,for=10.9.9.9\", for=10.0.0.2"), "192.0.2.7");
        for chain in ["for=_hidden", "for=unknown", "proto=https", "for=192.0.2.7;for=198.51.100.1", "for=\"192.0.2.7"]
        {
            assert_eq!(client(chain), "10.0.0.1", "{chain}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_client_writes_its_address_is_what_the_proxy_appends(forged in "[ -~]{0,60}", is_own_line: bool) {
            for (header, name, appended) in [
                (ForwardedHeader::XForwardedFor, "x-forwarded-for", "2001:db8::7"),
                (ForwardedHeader::Forwarded, "forwarded", "for=\"[2001:db8::7]:80\";proto=http"),
            ] {
                let joined = format!("{forged}, {appended}");
                let apart = [(name, forged.as_str()), (name, appended)];
                let lines = if is_own_line { &apart[..] } else { &[(name, joined.as_str())] };
                prop_assert_eq!(client(header, "10.0.0.1", lines), "2001:db8::7");
                prop_assert!(!is_forwarded_https(&headers(lines), &server(header)));
            }
        }
    }

    #[test]
    fn the_nearest_proxy_tells_whether_the_client_came_by_https() {
        let x = |value| {
            is_forwarded_https(&headers(&[("x-forwarded-proto", value)]), &server(ForwardedHeader::XForwardedFor))
        };
        assert!(x("https") && x("HTTPS") && x("http, https"));
        assert!(!x("http") && !x("https, http") && !x("") && !x("httpsx"));
        let forwarded =
            |value| is_forwarded_https(&headers(&[("forwarded", value)]), &server(ForwardedHeader::Forwarded));
        assert!(forwarded("for=192.0.2.7;proto=https") && forwarded("proto=\"https\""));
        assert!(!forwarded("for=192.0.2.7") && !forwarded("proto=https, for=192.0.2.7;proto=http"));
    }
}
