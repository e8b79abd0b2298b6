//! One GET of one document: within time and size, without redirects, from the configured host alone.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::uri::Scheme;
use axum::http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A URL that keys may come from: `https`, or `http` on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JwkUrl(Uri);

/// Why a text is no URL for keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is no URL with scheme and host.
    #[error("not a URL such as https://login.example/.well-known/jwks.json")]
    NotAUrl,
    /// Keys over plain HTTP are anybody's keys.
    #[error("keys come over https; http is for this machine alone (localhost, 127.0.0.1, [::1])")]
    NotSecure,
}

/// Why a document was not fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// The network failed, or TLS.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// HTTP failed, or the document was too long.
    #[error("{0}")]
    Http(Box<dyn std::error::Error + Send + Sync>),
    /// Anything but 200; redirects are not followed.
    #[error("the answer was {0}; redirects are not followed")]
    Status(StatusCode),
    /// It took too long.
    #[error("no answer within {} s", FETCH_TIMEOUT.as_secs())]
    TimedOut,
}

impl JwkUrl {
    /// Reads a URL.
    ///
    /// # Errors
    ///
    /// [`UrlError`].
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError::NotAUrl)?;
        let (Some(scheme), Some(host)) = (uri.scheme(), uri.host()) else {
            return Err(UrlError::NotAUrl);
        };
        let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
        let secure = *scheme == Scheme::HTTPS || (*scheme == Scheme::HTTP && here);
        if secure { Ok(Self(uri)) } else { Err(UrlError::NotSecure) }
    }

    fn is_tls(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    fn host(&self) -> &str {
        self.0.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
    }

    fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_tls() { 443 } else { 80 })
    }
}

impl fmt::Display for JwkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The document, within five seconds.
pub(super) async fn fetch(url: &JwkUrl) -> Result<Bytes, FetchError> {
    tokio::time::timeout(FETCH_TIMEOUT, fetch_in_time(url)).await.map_err(|_| FetchError::TimedOut)?
}

async fn fetch_in_time(url: &JwkUrl) -> Result<Bytes, FetchError> {
    let stream = TcpStream::connect((url.host(), url.port())).await?;
    if !url.is_tls() {
        return get(url, stream).await;
    }
    let name = ServerName::try_from(url.host().to_owned()).map_err(io::Error::other)?;
    get(url, TlsConnector::from(tls()?).connect(name, stream).await?).await
}

async fn get<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(url: &JwkUrl, stream: S) -> Result<Bytes, FetchError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(http)?;
    let connection = tokio::spawn(connection);
    let path = url.0.path_and_query().map_or("/", |path| path.as_str());
    let host = url.0.authority().map_or("", |authority| authority.as_str());
    let request = Request::get(path)
        .header(header::HOST, host)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, concat!("jeton/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(http)?;
    let response = sender.send_request(request).await.map_err(http)?;
    if response.status() != StatusCode::OK {
        connection.abort();
        return Err(FetchError::Status(response.status()));
    }
    let document = Limited::new(response.into_body(), MAX_DOCUMENT).collect().await.map_err(FetchError::Http);
    connection.abort();
    Ok(document?.to_bytes())
}

fn http(error: impl std::error::Error + Send + Sync + 'static) -> FetchError {
    FetchError::Http(Box::new(error))
}

/// TLS with the system's certificates.
fn tls() -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// A few hundred keys.
const MAX_DOCUMENT: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives one answer to whoever asks, and says what was asked.
    async fn answering(answer: Vec<u8>) -> (JwkUrl, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = JwkUrl::parse(&format!("http://{}/keys?a=b", listener.local_addr().unwrap())).unwrap();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap();
            stream.write_all(&answer).await.unwrap();
            String::from_utf8_lossy(&head[..read]).into_owned()
        });
        (url, asked)
    }

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for url in ["https://login.example/keys", "http://127.0.0.1:8000/", "http://localhost/", "http://[::1]:1/"] {
            assert!(JwkUrl::parse(url).is_ok(), "{url}");
        }
        assert_eq!(JwkUrl::parse("http://login.example/keys"), Err(UrlError::NotSecure));
        assert_eq!(JwkUrl::parse("file:///etc/passwd"), Err(UrlError::NotAUrl));
        assert_eq!(JwkUrl::parse("keys"), Err(UrlError::NotAUrl));
    }

    #[tokio::test]
    async fn a_document_is_fetched_with_one_plain_get() {
        let (url, asked) = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}".to_vec()).await;
        assert_eq!(fetch(&url).await.unwrap(), "{\"keys\":[]}");
        assert!(asked.await.unwrap().starts_with("GET /keys?a=b HTTP/1.1\r\n"));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed_and_a_flood_is_cut_off() {
        let redirect = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_vec();
        let (url, _asked) = answering(redirect).await;
        assert!(matches!(fetch(&url).await, Err(FetchError::Status(StatusCode::FOUND))));
        let mut flood = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n".to_vec();
        flood.resize(1_000_000, b' ');
        let (url, _asked) = answering(flood).await;
        assert!(matches!(fetch(&url).await, Err(FetchError::Http(_))));
    }
}
