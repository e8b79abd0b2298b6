//! Ports for servers that tests start and that have to be told where to listen.
//!
//! A port that was free a moment ago may be a client's the next, if it is one of those that the system gives to clients.
//! These lie below.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{io, thread};

/// Of this machine alone. Nothing listens there now, and nobody else in this process is told of it.
///
/// # Errors
///
/// If all of them are taken.
pub fn free_address() -> io::Result<SocketAddr> {
    static TRIED: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        // Processes that begin at the same time begin at different places.
        let next = TRIED.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(37));
        let port = FIRST + (next % u32::from(COUNT)) as u16;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    let last = FIRST + COUNT - 1;
    Err(io::Error::new(io::ErrorKind::AddrInUse, format!("no port is free between {FIRST} and {last}")))
}

/// The port of [`free_address`].
///
/// # Errors
///
/// As there.
pub fn free_port() -> io::Result<u16> {
    free_address().map(|address| address.port())
}

/// Comes back when somebody listens there.
///
/// # Panics
///
/// If nobody does within 20 s.
pub fn wait_for_listener(port: u16) {
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody listens on port {port}");
        thread::sleep(Duration::from_millis(20));
    }
}

const FIRST: u16 = 12_000;
const COUNT: u16 = 18_000;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nobody_is_told_of_the_same_port_nor_of_one_that_is_taken() {
        let taken: Vec<_> = (0..50).map(|_| TcpListener::bind(free_address().unwrap()).unwrap()).collect();
        let mut ports: HashSet<u16> = taken.iter().map(|taken| taken.local_addr().unwrap().port()).collect();
        ports.extend((0..50).map(|_| free_port().unwrap()));
        assert_eq!(ports.len(), 100);
        assert!(ports.iter().all(|port| (FIRST..FIRST + COUNT).contains(port)));
    }
}
