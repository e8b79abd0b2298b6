//! A small HTTP/1.1 client that sends what it is told, byte for byte, and keeps its connection.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// A request ready to send.
pub(crate) struct Message {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Headers,
    pub(crate) body: Option<Vec<u8>>,
}

/// Header fields; names are equal in any case, and the last value set for a name counts.
#[derive(Default)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.0.push((name.to_owned(), value.into()));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In the order they came; bytes beyond ASCII are read as Latin-1.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// All values of a header in one line.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self.header_values(name).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    pub(crate) fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A client of one server.
pub(crate) struct Client {
    address: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, connection: None }
    }

    /// Sends a request over the connection of the one before, or anew if the server has closed it.
    pub(crate) fn send(&mut self, message: &Message) -> Result<Answer> {
        let bytes = message.bytes(self.address);
        let without_body = message.method == "HEAD";
        if let Some(connection) = self.connection.take()
            && let Some(answer) = self.exchange(connection, &bytes, without_body)?
        {
            return Ok(answer);
        }
        let stream = TcpStream::connect_timeout(&self.address, TIMEOUT).context("connection")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_write_timeout(Some(TIMEOUT))?;
        self.exchange(BufReader::new(stream), &bytes, without_body)?.context("connection: closed without an answer")
    }

    /// `None` when the connection turns out to be closed before an answer has begun.
    fn exchange(
        &mut self,
        mut connection: BufReader<TcpStream>,
        request: &[u8],
        without_body: bool,
    ) -> Result<Option<Answer>> {
        // A server may answer and close before it has read all of a large request: so what came back decides.
        let written = connection.get_mut().write_all(request);
        match connection.fill_buf() {
            Ok([]) => return Ok(None),
            Ok(_) => {}
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                bail!("connection: no answer within {} s", TIMEOUT.as_secs())
            }
            Err(_) if written.is_err() => return Ok(None),
            Err(error) => return if error.kind() == ErrorKind::ConnectionReset { Ok(None) } else { Err(error.into()) },
        }
        let mut answer = read_head(&mut connection)?;
        while (100..200).contains(&answer.status) {
            answer = read_head(&mut connection)?;
        }
        let closes = read_body(&mut answer, &mut connection, without_body)?;
        if !closes {
            self.connection = Some(connection);
        }
        Ok(Some(answer))
    }
}

impl Message {
    fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, encoded(&self.path)).into_bytes();
        let mut field = |name: &str, value: &str| bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        if !self.headers.has("Host") {
            field("Host", &address.to_string());
        }
        let length = match &self.body {
            Some(body) => Some(body.len()),
            None if ["GET", "HEAD"].contains(&self.method.as_str()) => None,
            None => Some(0),
        };
        if let Some(length) = length
            && !self.headers.has("Content-Length")
        {
            field("Content-Length", &length.to_string());
        }
        for (name, value) in &self.headers.0 {
            field(name, value);
        }
        bytes.extend(b"\r\n");
        bytes.extend(self.body.iter().flatten());
        bytes
    }
}

/// A path as it may stand in a request line: other scripts and blanks percent-encoded, the rest as it is.
fn encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| if byte.is_ascii_graphic() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn read_head(connection: &mut impl BufRead) -> Result<Answer> {
    let line = read_line(connection)?;
    let mut words = line.splitn(3, ' ');
    ensure!(words.next().is_some_and(|version| version.starts_with("HTTP/1.")), "no HTTP answer: {line:?}");
    let status = words.next().and_then(|code| code.parse().ok()).with_context(|| format!("no status: {line:?}"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        if line.is_empty() {
            return Ok(Answer { status, headers, body: Vec::new() });
        }
        let (name, value) = line.split_once(':').with_context(|| format!("no header: {line:?}"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn read_line(connection: &mut impl BufRead) -> Result<String> {
    let mut line = Vec::new();
    connection.take(MAX_LINE).read_until(b'\n', &mut line).context("connection: the answer stopped")?;
    ensure!(line.ends_with(b"\n"), "connection: a header line has no end");
    let line = line.strip_suffix(b"\r\n").or_else(|| line.strip_suffix(b"\n")).unwrap_or(&line);
    Ok(line.iter().map(|&byte| char::from(byte)).collect())
}

/// Reads the body and says whether the connection ends with it.
fn read_body(answer: &mut Answer, connection: &mut impl BufRead, without_body: bool) -> Result<bool> {
    let closes = answer.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    if without_body || [204, 304].contains(&answer.status) {
        return Ok(closes);
    }
    if answer.header("Transfer-Encoding").is_some_and(|value| value.to_ascii_lowercase().contains("chunked")) {
        answer.body = read_chunks(connection)?;
        return Ok(closes);
    }
    let Some(length) = answer.header("Content-Length") else {
        connection.read_to_end(&mut answer.body).context("connection: the body stopped")?;
        return Ok(true);
    };
    let length: usize = length.parse().with_context(|| format!("no length: {length:?}"))?;
    ensure!(length <= MAX_BODY, "an answer of {length} bytes");
    answer.body = vec![0; length];
    connection.read_exact(&mut answer.body).context("connection: the body stopped")?;
    Ok(closes)
}

fn read_chunks(connection: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(connection)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).with_context(|| format!("no chunk size: {line:?}"))?;
        ensure!(body.len() + size <= MAX_BODY, "an answer of more than {MAX_BODY} bytes");
        if size == 0 {
            while !read_line(connection)?.is_empty() {}
            return Ok(body);
        }
        let start = body.len();
        body.resize(start + size, 0);
        connection.read_exact(&mut body[start..]).context("connection: a chunk stopped")?;
        ensure!(read_line(connection)?.is_empty(), "a chunk is longer than it says");
    }
}

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_LINE: u64 = 64 * 1024;
const MAX_BODY: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    fn message(method: &str, path: &str) -> Message {
        Message { method: method.into(), path: path.into(), headers: Headers::default(), body: None }
    }

    /// Serves these answers, one connection after the other, and gives back the requests it saw.
    fn serve(connections: Vec<Vec<&'static str>>) -> (SocketAddr, thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = thread::spawn(move || {
            let mut seen = Vec::new();
            for answers in connections {
                let (mut stream, _) = listener.accept().unwrap();
                for answer in answers {
                    let mut request = vec![0; 4096];
                    let length = stream.read(&mut request).unwrap();
                    seen.push(String::from_utf8_lossy(&request[..length]).into_owned());
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            }
            seen
        });
        (address, served)
    }

    #[test]
    fn lengths_chunks_and_closing_all_end_a_body() {
        let (address, served) = serve(vec![
            vec![
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\r\nx: b\r\n\r\nabc",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 99\r\n\r\n",
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc",
            ],
            vec!["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"],
        ]);
        let mut client = Client::new(address);
        let first = client.send(&message("GET", "/")).unwrap();
        assert_eq!((first.status, first.text().as_str(), first.header("X").as_deref()), (200, "abc", Some("a, b")));
        assert_eq!(client.send(&message("GET", "/")).unwrap().text(), "abc");
        assert_eq!(client.send(&message("POST", "/")).unwrap().status, 204);
        assert_eq!(client.send(&message("HEAD", "/")).unwrap().text(), "");
        assert_eq!(client.send(&message("GET", "/")).unwrap().text(), "abc");
        assert_eq!(client.send(&message("POST", "/é x")).unwrap().status, 201);
        let seen = served.join().unwrap();
        assert!(seen[0].starts_with("GET / HTTP/1.1\r\n") && !seen[0].contains("Content-Length"), "{}", seen[0]);
        assert!(seen[2].contains("Content-Length: 0\r\n"), "{}", seen[2]);
        assert!(seen[5].starts_with("POST /%C3%A9%20x HTTP/1.1\r\n"), "{}", seen[5]);
    }

    #[test]
    fn a_connection_closed_in_between_is_opened_anew() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let (address, served) = serve(vec![vec![answer], vec![answer]]);
        let mut client = Client::new(address);
        client.send(&message("GET", "/1")).unwrap();
        client.send(&message("GET", "/2")).unwrap();
        assert_eq!(served.join().unwrap().len(), 2);
    }

    #[test]
    fn half_an_answer_is_an_error() {
        for half in
            ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", "HTTP/1.1 200 OK\r\nContent-Le", "nonsense\r\n\r\n"]
        {
            let (address, served) = serve(vec![vec![half]]);
            assert!(Client::new(address).send(&message("GET", "/")).is_err(), "{half}");
            served.join().unwrap();
        }
    }

    #[test]
    fn the_last_value_of_a_header_counts_and_goes_out_as_it_is() {
        let mut request = message("POST", "/");
        request.headers.set("Accept", "*/*");
        request.headers.set("accept", "täxt");
        request.body = Some(b"xy".to_vec());
        let bytes = String::from_utf8(request.bytes(([127, 0, 0, 1], 8000).into())).unwrap();
        assert_eq!(bytes, "POST / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nContent-Length: 2\r\naccept: täxt\r\n\r\nxy");
    }
}
