//! Where a connection comes from, as far as limits are concerned.

use std::net::{IpAddr, Ipv6Addr};

/// What one host has: an IPv4 address, or an IPv6 network of 64 bits, within which it can call from
/// any address (RFC 4291, 2.5.1; RFC 4862). Who comes by the folder's socket owns the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Origin {
    Network(IpAddr),
    Folder,
}

impl Origin {
    /// The address is forgotten but for what limits ask.
    pub(crate) fn of(address: IpAddr) -> Self {
        Self::Network(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
            }
            v4 @ IpAddr::V4(_) => v4,
        })
    }
}
