//! Whom an address belongs to: one customer's network.

use std::net::IpAddr;

/// An IPv4 address, or the /64 of an IPv6 address: whoever has one of its addresses has them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    /// An IPv4 address written as an IPv6 one counts as what it is.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }

    pub(crate) fn bytes(self) -> [u8; 9] {
        let (kind, number) = match self {
            Self::V4(number) => (4, u64::from(number)),
            Self::V6(number) => (6, number),
        };
        let mut bytes = [kind; 9];
        bytes[1..].copy_from_slice(&number.to_be_bytes());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: &str) -> Network {
        Network::of(address.parse().unwrap())
    }

    #[test]
    fn ipv6_counts_by_64_bits_and_ipv4_by_all_of_them() {
        assert_eq!(of("2001:db8:0:1::1"), of("2001:db8:0:1:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("0.0.0.1"), of("0:0:0:1::"));
        assert_ne!(of("0.0.0.1").bytes(), of("0:0:0:1::").bytes());
    }
}
