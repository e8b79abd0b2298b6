//! A TCP stream that breaks off when the head of a request takes too long to come in.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// Whether a request is being handled; shared by a connection and its service.
#[derive(Clone, Debug, Default)]
pub(super) struct Phase(Arc<AtomicBool>);

/// A request is being handled until this is dropped.
#[derive(Debug)]
pub(super) struct Handling(Phase);

impl Phase {
    pub(super) fn begin(&self) -> Handling {
        self.0.store(true, Ordering::Release);
        Handling(self.clone())
    }

    fn is_handling(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.0.store(false, Ordering::Release);
    }
}

/// From the first byte of a head the rest has `header_timeout` to follow. While a request is handled, bodies included,
/// other limits apply.
#[derive(Debug)]
pub(super) struct TimedStream {
    stream: TcpStream,
    phase: Phase,
    header_timeout: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl TimedStream {
    pub(super) fn new(stream: TcpStream, phase: Phase, header_timeout: Duration) -> Self {
        Self { stream, phase, header_timeout, deadline: None }
    }
}

impl AsyncRead for TimedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.phase.is_handling() {
            self.deadline = None;
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && self.deadline.is_none() {
            let deadline = Instant::now() + self.header_timeout;
            self.deadline = Some(Box::pin(tokio::time::sleep_until(deadline)));
        }
        let too_slow = self.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready());
        match too_slow {
            true => {
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the head of a request came in too slowly")))
            }
            false => read,
        }
    }
}

impl AsyncWrite for TimedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
