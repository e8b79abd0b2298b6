//! A small HTTP client over one keep-alive connection. An answer other than 200 is an error.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub(super) struct Wire {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
}

impl Wire {
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), address })
    }

    pub(super) fn post(&mut self, path: &str, access: Option<&str>, body: &Value) -> Result<Value> {
        let bearer = access.map_or_else(String::new, |access| format!("Authorization: Bearer {access}\r\n"));
        let body = body.to_string();
        let length = body.len();
        let head = format!("{bearer}Content-Type: application/json\r\nContent-Length: {length}\r\n");
        self.ask(&format!("POST {path}"), &head, &body)
    }

    pub(super) fn get(&mut self, path: &str, access: &str) -> Result<Value> {
        self.ask(&format!("GET {path}"), &format!("Authorization: Bearer {access}\r\n"), "")
    }

    pub(super) fn is_well(&mut self, path: &str) -> Result<bool> {
        let address = self.address;
        write!(self.stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n")?;
        Ok(self.answer()?.0 == 200)
    }

    fn ask(&mut self, what: &str, head: &str, body: &str) -> Result<Value> {
        let address = self.address;
        let text = format!("{what} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {AGENT}\r\n{head}\r\n{body}");
        self.stream.get_mut().write_all(text.as_bytes())?;
        let (status, body) = self.answer()?;
        if status != 200 {
            bail!("{what} was answered with {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? })
    }

    fn answer(&mut self) -> Result<(u16, Vec<u8>)> {
        let status = self.line()?.split(' ').nth(1).and_then(|code| code.parse().ok()).context("no status line")?;
        let mut length = 0;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, body))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        Ok(line.strip_suffix("\r\n").context("the connection was closed")?.to_owned())
    }
}

/// As long as a browser's.
const AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const PATIENCE: Duration = Duration::from_secs(30);
