//! Connections on which nothing is said: they are closed.
//!
//! Which protocol a client speaks shows in its first bytes, and until they are there neither
//! protocol's own deadlines count. Later a silent client is noticed by pings over HTTP/2, and by
//! the time that a request takes over HTTP/1.1.

use std::{
    future::{self, Pending},
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{self, Timeout},
};

/// As many as HTTP/2 begins with.
const FIRST_BYTES: usize = 24;

/// A connection whose first bytes have to come soon.
#[derive(Debug)]
pub(crate) struct Prompt<S> {
    socket: S,
    missing: usize,
    /// Until when; `None` once they are there, or something has been answered.
    deadline: Option<Pin<Box<Timeout<Pending<()>>>>>,
}

impl<S> Prompt<S> {
    pub(crate) fn new(socket: S, within: Duration) -> Self {
        let deadline = Some(Box::pin(time::timeout(within, future::pending())));
        Self { socket, missing: FIRST_BYTES, deadline }
    }

    fn has_read(&mut self, bytes: usize) {
        self.missing = self.missing.saturating_sub(bytes);
        if self.missing == 0 {
            self.deadline = None;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        let Some(deadline) = &mut self.deadline else { return read };
        if read.is_ready() {
            self.has_read(buffer.filled().len() - before);
            return read;
        }
        drop(ready!(deadline.as_mut().poll(context)));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client says nothing")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.deadline = None;
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.deadline = None;
        Pin::new(&mut self.socket).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    #[tokio::test]
    async fn who_says_nothing_or_too_little_is_not_waited_for() {
        for said in ["", "PRI * HTTP/2.0\r\n"] {
            let (mut client, socket) = duplex(64);
            client.write_all(said.as_bytes()).await.unwrap();
            let mut prompt = Prompt::new(socket, Duration::ZERO);
            let ended = prompt.read_to_end(&mut Vec::new()).await.unwrap_err();
            assert_eq!(ended.kind(), io::ErrorKind::TimedOut, "{said}");
        }
    }

    #[tokio::test]
    async fn who_has_said_enough_or_is_answered_has_time() {
        let (mut client, socket) = duplex(64);
        let mut prompt = Prompt::new(socket, Duration::ZERO);
        client.write_all(&[7; FIRST_BYTES]).await.unwrap();
        prompt.read_exact(&mut [0; FIRST_BYTES]).await.unwrap();
        assert!(prompt.deadline.is_none());

        let (_client, socket) = duplex(64);
        let mut prompt = Prompt::new(socket, Duration::ZERO);
        prompt.write_all(b"HTTP/1.0 204").await.unwrap();
        assert!(prompt.deadline.is_none());
    }
}
