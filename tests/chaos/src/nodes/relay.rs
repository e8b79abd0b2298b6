//! A wire between a node and its database that can be cut.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

/// Passes on what comes, between those who connect to it and a server, for as long as it is open.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    line: Arc<Line>,
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// They get through.
    None,
    /// They get nowhere, and nobody is told: what was sent meanwhile arrives when the line is mended.
    Silent,
    /// All connections end, and new ones end as soon as they are there.
    Closed,
}

/// What becomes of the connections of a silent line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mend {
    /// They go on where they were.
    All,
    /// They are silent for ever; only new ones get through, as after a change of the server or of a firewall between.
    New,
}

struct Line {
    server: (String, u16),
    cut: AtomicU8,
    /// Connections with a lower number than this are silent for ever.
    forgotten_below: AtomicU64,
    accepted: AtomicU64,
    streams: Mutex<Vec<TcpStream>>,
}

impl Relay {
    pub(crate) fn to(server: (String, u16)) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("the relay has no port")?;
        let address = listener.local_addr()?;
        let line = Line {
            server,
            cut: AtomicU8::new(Cut::None as u8),
            forgotten_below: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            streams: Mutex::default(),
        };
        let line = Arc::new(line);
        // It ends with this program.
        thread::spawn({
            let line = Arc::clone(&line);
            move || listener.incoming().filter_map(Result::ok).for_each(|client| line.accept(client))
        });
        Ok(Self { address, line })
    }

    pub(crate) fn cut(&self, cut: Cut) {
        self.line.cut.store(cut as u8, Ordering::SeqCst);
        if cut == Cut::Closed {
            self.line.end_all();
        }
    }

    pub(crate) fn mend(&self, mend: Mend) {
        if mend == Mend::New {
            self.line.forgotten_below.store(self.line.accepted.load(Ordering::SeqCst), Ordering::SeqCst);
        }
        self.cut(Cut::None);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.cut(Cut::Closed);
    }
}

impl Line {
    fn accept(self: &Arc<Self>, client: TcpStream) {
        if self.is(Cut::Closed) {
            return;
        }
        let line = Arc::clone(self);
        let number = self.accepted.fetch_add(1, Ordering::SeqCst);
        thread::spawn(move || {
            // Who cannot be connected finds the line dead.
            let _ = line.pass_on(number, client);
        });
    }

    fn pass_on(self: &Arc<Self>, number: u64, client: TcpStream) -> io::Result<()> {
        self.wait_while_silent(number);
        let server = TcpStream::connect(&self.server)?;
        for stream in [&client, &server] {
            stream.set_nodelay(true)?;
            self.streams().push(stream.try_clone()?);
        }
        // The line may have been closed while the server was on its way into the list.
        if self.is(Cut::Closed) {
            self.end_all();
        }
        let (from_server, to_client) = (server.try_clone()?, client.try_clone()?);
        let line = Arc::clone(self);
        thread::spawn(move || line.copy(number, from_server, to_client));
        self.copy(number, client, server);
        Ok(())
    }

    /// One direction, to its end.
    fn copy(&self, number: u64, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            self.wait_while_silent(number);
            if self.is(Cut::Closed) || to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        // An end gets through no sooner than bytes do.
        self.wait_while_silent(number);
        for stream in [from, to] {
            // It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn end_all(&self) {
        for stream in self.streams().drain(..) {
            // It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn wait_while_silent(&self, number: u64) {
        let is_forgotten = || number < self.forgotten_below.load(Ordering::SeqCst) && !self.is(Cut::Closed);
        while self.is(Cut::Silent) || is_forgotten() {
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn is(&self, cut: Cut) -> bool {
        self.cut.load(Ordering::SeqCst) == cut as u8
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that says back what it hears.
    fn echo() -> (String, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for mut stream in listener.incoming().filter_map(Result::ok) {
                thread::spawn(move || io::copy(&mut stream.try_clone().unwrap(), &mut stream));
            }
        });
        ("127.0.0.1".to_owned(), port)
    }

    #[test]
    fn what_is_sent_into_a_silent_line_arrives_when_it_is_mended() {
        let relay = Relay::to(echo()).unwrap();
        let mut client = TcpStream::connect(relay.address).unwrap();
        client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut heard = [0; 3];
        client.write_all(b"one").unwrap();
        client.read_exact(&mut heard).unwrap();
        relay.cut(Cut::Silent);
        client.write_all(b"two").unwrap();
        assert!(client.read_exact(&mut heard).is_err());
        relay.mend(Mend::All);
        client.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        client.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"two");
    }

    #[test]
    fn a_line_may_be_mended_for_new_connections_alone() {
        let relay = Relay::to(echo()).unwrap();
        let mut old = TcpStream::connect(relay.address).unwrap();
        old.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut heard = [0; 3];
        old.write_all(b"one").unwrap();
        old.read_exact(&mut heard).unwrap();
        relay.cut(Cut::Silent);
        old.write_all(b"two").unwrap();
        relay.mend(Mend::New);
        assert!(old.read_exact(&mut heard).is_err());
        let mut new = TcpStream::connect(relay.address).unwrap();
        new.write_all(b"new").unwrap();
        new.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"new");
    }

    #[test]
    fn a_closed_line_ends_connections_old_and_new() {
        let relay = Relay::to(echo()).unwrap();
        let mut old = TcpStream::connect(relay.address).unwrap();
        let mut heard = [0; 3];
        old.write_all(b"one").unwrap();
        old.read_exact(&mut heard).unwrap();
        relay.cut(Cut::Closed);
        assert_eq!(old.read(&mut heard).unwrap_or(0), 0);
        let mut new = TcpStream::connect(relay.address).unwrap();
        assert_eq!(new.read(&mut heard).unwrap_or(0), 0);
        relay.mend(Mend::All);
        let mut newest = TcpStream::connect(relay.address).unwrap();
        newest.write_all(b"two").unwrap();
        newest.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"two");
    }
}
