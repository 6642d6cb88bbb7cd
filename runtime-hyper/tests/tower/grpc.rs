//! A service of tonic behind the guard, over HTTP/2.

use crate::{
    http2::{connect, serve},
    provider::Provider,
    stack::{bytes, challenge, guard_with, run},
};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use core::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};
use futures_lite::{Stream, StreamExt as _};
use http::{HeaderMap, Request, Response, Version, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody, combinators::BoxBody};
use hyper::{body::Incoming, client::conn::http2::SendRequest};
use portcullis_core::{
    guard::{GuardRoute, Requirement},
    jwt::VerifiedToken,
};
use tokio::sync::mpsc;
use tonic::{
    Code, Status, Streaming,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    server::{Grpc, NamedService},
    service::Routes,
};
use tower::{Layer as _, Service};

/// Messages that are nothing but text.
#[derive(Clone, Copy, Default)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let text = buffer.copy_to_bytes(buffer.remaining());
        Ok(Some(String::from_utf8(text.into()).unwrap()))
    }
}

/// Says each message back, to whoever it is.
#[derive(Clone, Copy)]
struct Echo;

type Messages = Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

impl Service<tonic::Request<Streaming<String>>> for Echo {
    type Response = tonic::Response<Messages>;
    type Error = Status;
    type Future = Ready<Result<tonic::Response<Messages>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: tonic::Request<Streaming<String>>) -> Self::Future {
        let token = request.extensions().get::<VerifiedToken>();
        let subject = token.and_then(VerifiedToken::subject).unwrap_or("nobody").to_owned();
        if subject == "stranger" {
            return ready(Err(Status::not_found("no such account")));
        }
        let echoed = request.into_inner().map(move |text| Ok(format!("{subject}: {}", text?)));
        ready(Ok(tonic::Response::new(Box::pin(echoed))))
    }
}

/// The service as a build script would write it.
#[derive(Clone, Copy)]
struct EchoServer;

impl NamedService for EchoServer {
    const NAME: &'static str = "test.Echo";
}

impl Service<Request<tonic::body::Body>> for EchoServer {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        Box::pin(async move { Ok(Grpc::new(Text).streaming(Echo, request).await) })
    }
}

/// One call: messages go in, and what comes back is looked at as it comes.
struct Call {
    messages: mpsc::UnboundedSender<Frame<Bytes>>,
    answer: Response<Incoming>,
}

type Sender = SendRequest<BoxBody<Bytes, Infallible>>;

/// A connection to the service, whose method `Admin` needs a scope.
async fn client(provider: &Provider) -> Sender {
    let layer = guard_with(provider, |guard| {
        let admin = Requirement::required_scopes(["admin"]).unwrap();
        guard.route(GuardRoute::new("/test.Echo/Admin").unwrap().require(admin))
    });
    let routes = Routes::new(EchoServer).into_axum_router();
    connect(serve(layer.layer(routes))).await
}

impl Call {
    async fn begin(sender: &mut Sender, method: &str, token: Option<&str>) -> Self {
        let (messages, mut frames) = mpsc::unbounded_channel();
        let body = futures_lite::stream::poll_fn(move |cx| {
            frames.poll_recv(cx).map(|frame| frame.map(Ok::<_, Infallible>))
        });
        let mut request = Request::post(format!("http://localhost/test.Echo/{method}"))
            .version(Version::HTTP_2)
            .header(header::CONTENT_TYPE, "application/grpc")
            .header(header::TE, "trailers");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(BoxBody::new(StreamBody::new(body))).unwrap();
        sender.ready().await.unwrap();
        Self { messages, answer: sender.send_request(request).await.unwrap() }
    }

    fn send(&self, text: &str) {
        let mut message = BytesMut::from(&[0][..]);
        message.put_u32(text.len().try_into().unwrap());
        message.put(text.as_bytes());
        self.messages.send(Frame::data(message.freeze())).unwrap();
    }

    async fn receive(&mut self) -> String {
        let frame = self.answer.body_mut().frame().await.unwrap().unwrap();
        let message = frame.into_data().expect("a message");
        String::from_utf8(message[5..].into()).unwrap()
    }

    /// Ends the messages, and gives what stands behind the answer.
    async fn end(self) -> HeaderMap {
        drop(self.messages);
        let rest = self.answer.into_body().collect().await.unwrap();
        let trailers = rest.trailers().cloned().expect("trailers");
        assert_eq!(rest.to_bytes(), "");
        trailers
    }
}

/// Each message is answered before the next one is sent, so nothing is collected on the way; and the
/// status of the call stands in the trailers.
#[test]
fn messages_stream_through_the_guard_in_both_directions() {
    run(async {
        let provider = Provider::new();
        let mut sender = client(&provider).await;
        let token = provider.token("the-api", "somebody");
        let mut call = Call::begin(&mut sender, "Say", Some(&token)).await;
        assert_eq!(call.answer.status(), 200);
        assert_eq!(call.answer.headers()[header::CONTENT_TYPE], "application/grpc");
        for text in ["one", "", "three"] {
            call.send(text);
            assert_eq!(call.receive().await, format!("somebody: {text}"));
        }
        let trailers = call.end().await;
        assert_eq!(trailers["grpc-status"], "0");
    });
}

/// A failure of the service's own is told as gRPC tells it.
#[test]
fn a_status_of_the_service_passes() {
    run(async {
        let provider = Provider::new();
        let mut sender = client(&provider).await;
        let token = provider.token("the-api", "stranger");
        let call = Call::begin(&mut sender, "Say", Some(&token)).await;
        assert_eq!(call.answer.status(), 200);
        let status = Status::from_header_map(call.answer.headers()).unwrap();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "no such account"));
    });
}

/// A client of gRPC takes 401 for `UNAUTHENTICATED`, 403 for `PERMISSION_DENIED` and 503 for
/// `UNAVAILABLE`, where an answer has no status of gRPC's. None waits for the messages to end.
#[test]
fn refused_calls_get_the_answers_that_clients_of_grpc_know() {
    run(async {
        let provider = Provider::new();
        let mut sender = client(&provider).await;
        let token = provider.token("the-api", "somebody");
        for (method, token, status, error) in [
            ("Say", None, 401, ""),
            ("Say", Some("x.y.z"), 401, "error=\"invalid_token\""),
            ("Admin", Some(&*token), 403, "error=\"insufficient_scope\""),
        ] {
            let call = Call::begin(&mut sender, method, token).await;
            assert_eq!(call.answer.status(), status, "{method}");
            assert!(challenge(&call.answer).starts_with("Bearer realm=\"api\""));
            assert!(challenge(&call.answer).contains(error), "{}", challenge(&call.answer));
            assert!(!call.answer.headers().contains_key("grpc-status"));
            assert!(bytes(call.answer).await.starts_with(b"{"));
        }
        let down = Provider::new();
        down.set_status(500);
        let mut sender = client(&down).await;
        let token = down.token("the-api", "somebody");
        let call = Call::begin(&mut sender, "Say", Some(&token)).await;
        assert_eq!(call.answer.status(), 503);
    });
}
