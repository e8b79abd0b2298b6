//! A small HTTP client over one keep-alive connection, which knows to the byte whether a request is under way.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A connection to the server.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    /// The last answer said that it was the last.
    ends: bool,
}

/// What is sent.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) path: &'static str,
    pub(crate) body: Value,
    /// An access token.
    pub(crate) bearer: Option<String>,
}

/// An answer that was read to its last byte.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Self> {
        Self::connect_for(address, PATIENCE)
    }

    /// A connection on which nothing is waited for any longer than this.
    pub(crate) fn connect_for(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        Ok(Self { stream: BufReader::new(stream), address, ends: false })
    }

    /// Whether another request can be sent, as far as the last answer told.
    pub(crate) fn is_open(&self) -> bool {
        !self.ends
    }

    pub(crate) fn post(&mut self, request: &Request) -> io::Result<Answer> {
        self.send(request)?;
        self.receive()
    }

    /// Once this is back, the whole request is on its way.
    pub(crate) fn send(&mut self, request: &Request) -> io::Result<()> {
        let body = request.body.to_string();
        let bearer =
            request.bearer.as_ref().map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let text = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: jeton-chaos\r\n{bearer}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            request.path,
            self.address,
            body.len(),
        );
        self.stream.get_mut().write_all(text.as_bytes())
    }

    /// The answer to the request that was sent.
    pub(crate) fn receive(&mut self) -> io::Result<Answer> {
        let status_line = self.line()?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| broken(format!("no status line: {status_line:?}")))?;
        let mut length = None;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
            if name.eq_ignore_ascii_case("connection") {
                self.ends = value.trim().eq_ignore_ascii_case("close");
            }
        }
        let mut body = vec![0; length.ok_or_else(|| broken("an answer without Content-Length".to_owned()))?];
        self.stream.read_exact(&mut body)?;
        let body = String::from_utf8(body).map_err(|_| broken("an answer that is not UTF-8".to_owned()))?;
        Ok(Answer { status, body })
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Answer {
    /// A text member of the body.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        Some(body.get(name)?.as_str()?.to_owned())
    }
}

/// `GET` on a connection of its own: whether the answer is 200.
pub(crate) fn is_well(address: SocketAddr, path: &str) -> bool {
    get(address, path, PATIENCE).is_ok_and(|answer| answer.status == 200)
}

/// `GET` on a connection of its own.
pub(crate) fn get(address: SocketAddr, path: &str, patience: Duration) -> io::Result<Answer> {
    let mut wire = Wire::connect_for(address, patience)?;
    write!(wire.stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
    wire.receive()
}

fn broken(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Far more than any answer takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
