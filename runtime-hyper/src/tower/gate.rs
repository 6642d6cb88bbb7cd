//! The front gate as a layer.

use super::{Before, connection, layer_before};
use crate::{body::Body, front_gate::FrontGate, runtime::Runtime, server::border};
use core::future::Future;
use http::{HeaderValue, Request, Response, Version, header};
use portcullis_core::session::Session;

layer_before! {
    FrontGate,
    /// A front gate before whatever serves the pages: it leads people through the sign-in, forwards
    /// what its rules forward, and hands the rest on. It goes around the whole application, and
    /// around the router itself where a rule leads to another path of it: [the module](super) shows
    /// how.
    ///
    /// The peer of a request is named to upstreams, if the request has a
    /// [`Connection`](crate::server::Connection) in its extensions; whoever accepts connections puts
    /// it there.
    layer GateLayer,
    /// A service with a gate before it.
    service GateService
}

impl<R: Runtime> Before for FrontGate<R> {
    async fn answer<E: Send, W>(
        self,
        mut request: Request<Body>,
        inner: impl FnOnce(Request<Body>) -> W + Send,
    ) -> Result<Response<Body>, E>
    where
        W: Future<Output = Result<Response<Body>, E>> + Send,
    {
        name_host(&mut request);
        if let Err(refusal) = border::check(&request) {
            let reason = refusal.reason();
            tracing::info!(reason, "refused a request for its framing");
            return Ok(refusal.response());
        }
        let (head, body) = request.into_parts();
        let connection = connection(&head);
        self.handle(head, body, connection, |mut request, session| {
            let extensions = request.extensions_mut();
            // Who is signed in at another gate, around this one, is nobody here.
            extensions.remove::<Session>();
            if let Some(session) = session {
                extensions.insert(session);
            }
            inner(request)
        })
        .await
    }
}

/// HTTP/2 names the host beside the header fields; one who hands such a request on to others writes
/// it down as the field that HTTP/1.1 has for it (RFC 9113 §8.3.1).
fn name_host<B>(request: &mut Request<B>) {
    if request.version() < Version::HTTP_2 || request.headers().contains_key(header::HOST) {
        return;
    }
    let authority = request.uri().authority();
    if let Some(Ok(host)) = authority.map(|it| HeaderValue::from_str(it.as_str())) {
        request.headers_mut().insert(header::HOST, host);
    }
}
