//! The part of `[server]` that says which proxies stand before Jeton, and which of their headers is believed.

use std::net::IpAddr;

use ipnet::IpNet;

use super::given::{Given, Parsed, Setting, Words, Wrong};

/// The header in which the proxies tell whom they speak for. Never two of them: a proxy that sets the one lets the other
/// through as the client wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`.
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

impl Words for ForwardedHeader {
    const WORDS: &'static [(&'static str, Self)] =
        &[("x-forwarded-for", Self::XForwardedFor), ("forwarded", Self::Forwarded)];
}

impl Setting for IpNet {
    fn parse(given: &Given) -> Parsed<Self> {
        let network = given.as_text().and_then(|text| match text.parse::<IpAddr>() {
            Ok(address) => Some(Self::from(address)),
            Err(_) => text.parse().ok(),
        });
        match network {
            Some(network) => Ok(network.trunc()),
            None => given.wrong("a network", "Write \"10.0.0.0/8\", \"fd00::/8\", or a single address."),
        }
    }

    fn show(&self) -> String {
        format!("\"{self}\"")
    }
}

/// A check: no network is the whole internet.
pub(super) fn are_proxies(networks: &[IpNet]) -> Result<(), Wrong> {
    match networks.iter().find(|network| network.prefix_len() == 0) {
        None => Ok(()),
        Some(all) => Err(Wrong::new(
            format!("{} is everybody, so that every client could choose its own address", all.show()),
            "Name the networks that your proxies are in.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Source;

    fn parse(toml: &str) -> Option<Vec<IpNet>> {
        let given = Given { value: toml.parse().unwrap(), text: None, source: Source::File(1) };
        Vec::parse(&given).ok()
    }

    #[test]
    fn a_network_is_written_as_cidr_and_an_address_is_a_network_of_one() {
        let networks = parse("[\"10.1.2.3/8\", \"192.0.2.1\", \"fd00::/8\", \"::1\"]").unwrap();
        let shown: Vec<_> = networks.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8", "::1/128"]);
        for wrong in ["[\"10.0.0.0/33\"]", "[\"proxy.example\"]", "[10]", "[\"\"]"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nobody_trusts_everybody() {
        assert!(are_proxies(&parse("[\"10.0.0.0/8\", \"0.0.0.0/0\"]").unwrap()).is_err());
        assert!(are_proxies(&parse("[\"::/0\"]").unwrap()).is_err());
        assert!(are_proxies(&parse("[\"10.0.0.0/8\"]").unwrap()).is_ok());
    }
}
