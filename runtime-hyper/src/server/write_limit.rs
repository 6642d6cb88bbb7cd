//! A limit on how long a peer may refuse to take bytes, which hyper does not have.

use core::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use hyper::rt::{Read, ReadBufCursor, Sleep, Timer, Write};
use std::io::{self, IoSlice};

/// A stream whose writes fail once none of them went on for the limit.
pub(super) struct WriteLimit<S, T> {
    stream: S,
    timer: T,
    limit: Duration,
    /// Runs while the peer takes nothing.
    stalled: Option<Pin<Box<dyn Sleep>>>,
}

impl<S, T: Timer> WriteLimit<S, T> {
    pub(super) const fn new(stream: S, timer: T, limit: Duration) -> Self {
        Self { stream, timer, limit, stalled: None }
    }

    fn watch<O>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<O>>,
    ) -> Poll<io::Result<O>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| self.timer.sleep(self.limit));
        stalled.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: Read + Unpin, T: Unpin> Read for WriteLimit<S, T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: Write + Unpin, T: Timer + Unpin> Write for WriteLimit<S, T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.watch(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.watch(cx, shut)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.watch(cx, written)
    }
}
