//! Answers that nobody reads: a connection on which nothing more can be written for too long is cut off.
//!
//! An answer gives back its place among the requests before it is sent, and hyper waits for its reader without end. Whoever
//! asks for much and reads nothing would keep connection and answer for ever. Who waits for news is not meant: until they
//! come nothing is written. Basis: reliability, fault F15.

use std::future::{Ready, ready};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// Has an eye on each connection that is accepted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watching {
    /// How long a write may make no headway.
    pub(crate) within: Duration,
}

impl<S> Accept<TcpStream, S> for Watching {
    type Stream = Watched;
    type Service = S;
    type Future = Ready<io::Result<(Watched, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let watched = Watched {
            stream,
            within: self.within,
            stalled: None,
        };
        ready(Ok((watched, service)))
    }
}

/// A connection that fails once a write has made no headway for too long.
pub(crate) struct Watched {
    stream: TcpStream,
    within: Duration,
    /// Ends when a write that waits now has waited too long.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    /// What came of a write, or that it waited too long.
    fn in_time(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let within = self.within;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(within)));
        stalled.as_mut().poll(context).map(|()| {
            // The system, too, then lets go of what nobody reads.
            let _ = self.stream.set_zero_linger();
            Err(io::ErrorKind::TimedOut.into())
        })
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, into)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.in_time(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.in_time(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    // Neither of these waits for whoever reads.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
