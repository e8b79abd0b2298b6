//! Our own accept loop: limits on connections, heads and idle times, and a stop that finishes what has begun.

mod connection;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::Service;

use self::connection::{Phase, TimedStream};
use super::principal::Peer;
use crate::settings::Server;

/// Serves until `stop` resolves and for `server.stop_delay` after it, then finishes the requests that are in flight, for
/// `server.drain_timeout` at most.
///
/// # Errors
///
/// Only if the listener itself cannot be asked for its address; single connections fail by themselves.
pub async fn serve(listener: TcpListener, app: &crate::Jeton, stop: impl Future<Output = ()>) -> io::Result<Stopped> {
    let app = app.app();
    let settings = app.auth.settings().server.clone();
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let door = Door { listener, places, router: app.router(), settings, graceful: GracefulShutdown::new() };
    door.admit_until(stop).await;
    // From here on `/readyz` says that a balancer should turn away; what it sends until it does is served.
    app.draining.store(true, Ordering::Relaxed);
    door.admit_until(tokio::time::sleep(door.settings.stop_delay)).await;
    drop(door.listener);
    Ok(finish(door.graceful, door.settings.drain_timeout).await)
}

/// Where connections come in.
struct Door {
    listener: TcpListener,
    places: Arc<Semaphore>,
    router: Router,
    settings: Server,
    graceful: GracefulShutdown,
}

impl Door {
    async fn admit_until(&self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            // A place is taken before a connection is: the rest waits in the backlog of the system.
            let place = tokio::select! {
                () = &mut stop => return,
                place = Arc::clone(&self.places).acquire_owned() => place,
            };
            let (stream, peer) = tokio::select! {
                () = &mut stop => return,
                accepted = self.listener.accept() => match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        pause_after(&error).await;
                        continue;
                    }
                },
            };
            let served = self.graceful.watch(connection(stream, peer, self.router.clone(), &self.settings));
            tokio::spawn(async move {
                if let Err(error) = served.await {
                    tracing::debug!(%error, %peer, "a connection ended");
                }
                drop(place);
            });
        }
    }
}

/// How a server stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every request in flight was answered.
    Clean,
    /// `server.drain_timeout` was over before.
    TimedOut,
}

async fn finish(graceful: GracefulShutdown, drain_timeout: Duration) -> Stopped {
    match tokio::time::timeout(drain_timeout, graceful.shutdown()).await {
        Ok(()) => Stopped::Clean,
        Err(_) => Stopped::TimedOut,
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    settings: &Server,
) -> http1::Connection<TokioIo<TimedStream>, impl HttpService<Incoming, ResBody = Body, Future: Send> + Send + use<>> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let phase = Phase::default();
    let stream = TimedStream::new(stream, phase.clone(), settings.header_timeout);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let handling = phase.begin();
        let mut request: Request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let answer = router.clone().call(request);
        async move {
            let answer = answer.await;
            drop(handling);
            answer
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper's own timer covers the time without any byte; the stream's covers a head that comes in slowly.
        .header_read_timeout(settings.idle_timeout)
        .max_header_size(settings.max_header_bytes)
        .max_buf_size(settings.max_header_bytes.max(MIN_BUFFER))
        .max_headers(settings.max_headers)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), service)
}

/// Out of file descriptors, for example: accepting at once again would only burn the processor.
async fn pause_after(error: &io::Error) {
    let of_one_peer = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    );
    if !of_one_peer {
        tracing::error!(%error, "no connection can be accepted");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// hyper wants at least this.
const MIN_BUFFER: usize = 8192;
