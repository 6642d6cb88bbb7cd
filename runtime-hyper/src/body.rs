//! Message bodies: the one type that handlers take and give, and the limits put on it.

use bytes::{Bytes, BytesMut};
use core::{
    any::Any,
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::rt::{Sleep, Timer};
use std::time::Instant;

/// Of a body that somebody tried to read before.
const UNREADABLE: &str = "the body could not be read";

/// An error of any type.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// The body of a request or of a response: bytes that are there, or a stream of them.
///
/// A stream that ends in an error makes the engine abort the connection, so that the other side
/// never takes half a message for a whole one.
pub struct Body(Kind);

enum Kind {
    Broken,
    Whole(Option<Bytes>),
    Stream(Pin<Box<dyn HttpBody<Data = Bytes, Error = BoxError> + Send>>),
}

impl Body {
    /// No bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Kind::Whole(None))
    }

    /// What is left of a body that could not be read.
    pub(crate) const fn broken() -> Self {
        Self(Kind::Broken)
    }

    /// The frames of `body` as they come. A body that is known to be empty is not kept, and one of
    /// this type stays what it is.
    #[must_use]
    pub fn stream<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut body = Some(body);
        if let Some(own) = (&mut body as &mut dyn Any).downcast_mut::<Option<Self>>() {
            return own.take().unwrap_or_default();
        }
        let Some(body) = body else { return Self::empty() };
        if body.is_end_stream() {
            return Self::empty();
        }
        Self(Kind::Stream(Box::pin(body.map_err(Into::into))))
    }

    /// All bytes, once the last has come.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where there are more than `most`, or where the stream breaks.
    pub async fn read(self, most: usize) -> Result<Bytes, ReadError> {
        match self.0 {
            Kind::Broken => Err(ReadError::Broken(UNREADABLE.into())),
            Kind::Whole(bytes) => match bytes.unwrap_or_default() {
                bytes if bytes.len() <= most => Ok(bytes),
                _ => Err(ReadError::TooLarge),
            },
            Kind::Stream(stream) if stream.size_hint().lower() > most as u64 => {
                Err(ReadError::TooLarge)
            }
            Kind::Stream(mut stream) => {
                let mut bytes = BytesMut::new();
                while let Some(frame) = stream.frame().await {
                    // What is no data is a trailer, and nobody asked for those.
                    let data = frame.map_err(ReadError::Broken)?.into_data().unwrap_or_default();
                    if data.len() > most.saturating_sub(bytes.len()) {
                        return Err(ReadError::TooLarge);
                    }
                    bytes.extend_from_slice(&data);
                }
                Ok(bytes.freeze())
            }
        }
    }
}

impl<T: Into<Bytes>> From<T> for Body {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        Self(Kind::Whole((!bytes.is_empty()).then_some(bytes)))
    }
}

impl Default for Body {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("size", &self.size_hint()).finish_non_exhaustive()
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Broken => {
                self.0 = Kind::Whole(None);
                Poll::Ready(Some(Err(UNREADABLE.into())))
            }
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Stream(stream) => stream.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Broken => false,
            Kind::Whole(bytes) => bytes.is_none(),
            Kind::Stream(stream) => stream.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Broken => SizeHint::default(),
            Kind::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Kind::Stream(stream) => stream.size_hint(),
        }
    }
}

/// Why a body could not be read whole.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadError {
    /// The stream broke: the connection ended, the framing was wrong, or nothing came for too long.
    Broken(Box<dyn Error + Send + Sync>),
    /// There are more bytes than allowed.
    TooLarge,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => write!(f, "the body broke off: {error}"),
            Self::TooLarge => f.write_str("the body is larger than allowed"),
        }
    }
}

impl Error for ReadError {}

/// A body that fails once nothing came for the idle limit, and that ends before its trailers.
///
/// Trailers are dropped because a receiver may merge them into the header section, where they
/// would never have passed the gate (RFC 9110 §6.5.1).
pub(crate) struct Guarded<B, T> {
    body: B,
    timer: T,
    idle: Duration,
    /// When the body was first found without a frame since the last one.
    waiting_since: Option<Instant>,
    sleep: Option<Pin<Box<dyn Sleep>>>,
    ended: bool,
}

impl<B, T> Guarded<B, T> {
    pub(crate) const fn new(body: B, timer: T, idle: Duration) -> Self {
        Self { body, timer, idle, waiting_since: None, sleep: None, ended: false }
    }
}

impl<B, T: Timer> Guarded<B, T> {
    /// Resolves once the wait for a frame has lasted for the idle limit.
    ///
    /// One timer serves the whole body: it is set anew when it fires, not with every frame.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.timer.now();
        let deadline = *self.waiting_since.get_or_insert(now) + self.idle;
        let sleep = self.sleep.get_or_insert_with(|| self.timer.sleep_until(deadline));
        while sleep.as_mut().poll(cx).is_ready() {
            if self.timer.now() >= deadline {
                return Poll::Ready(());
            }
            self.timer.reset(sleep, deadline);
        }
        Poll::Pending
    }
}

impl<B, T> HttpBody for Guarded<B, T>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
    T: Timer + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            ready!(this.poll_idle(cx));
            this.ended = true;
            return Poll::Ready(Some(Err(IdleError.into())));
        };
        this.waiting_since = None;
        match frame {
            Some(Ok(frame)) if frame.is_data() => Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => {
                this.ended = true;
                Poll::Ready(Some(Err(error.into())))
            }
            Some(Ok(_)) | None => {
                this.ended = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Nothing of a body came for the idle limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleError;

impl fmt::Display for IdleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing of the body came for too long")
    }
}

impl Error for IdleError {}
