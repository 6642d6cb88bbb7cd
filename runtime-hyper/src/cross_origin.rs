//! CORS around whatever answers: before a request is looked at, and on its answer.

use crate::{
    body::Body,
    convert::{self, View},
    server::Connection,
};
use core::future::Future;
use http::{Response, request::Parts};
use portcullis_core::{
    cors::{Cors, CorsDecision, CorsEdits},
    http::Response as Answer,
};

/// The answer that `answer` gives to a request, with CORS around it where there is a policy.
pub(crate) async fn around<W>(
    cors: Option<&Cors>,
    head: Parts,
    body: Body,
    connection: Option<Connection>,
    answer: impl FnOnce(Parts, Body) -> W,
) -> Response<Body>
where
    W: Future<Output = Response<Body>>,
{
    let Some(cors) = cors else { return answer(head, body).await };
    match begin(cors, &head, connection) {
        Crossing::Answered(answer) => convert::response(answer),
        Crossing::Goes(edits) => finish(&edits, answer(head, body).await),
    }
}

/// What becomes of a request, where there is a policy.
pub(crate) enum Crossing {
    /// The answer to a preflight, which nobody else sees.
    Answered(Answer),
    /// What goes on the answer, whoever gives it.
    Goes(CorsEdits),
}

pub(crate) fn begin(cors: &Cors, head: &Parts, connection: Option<Connection>) -> Crossing {
    match convert::with_head(head, connection, |request| cors.begin(request)) {
        CorsDecision::Preflight(answer) => Crossing::Answered(answer),
        CorsDecision::Continue(edits) => Crossing::Goes(edits),
    }
}

/// The answer as a page of another origin may read it.
pub(crate) fn finish<B>(edits: &CorsEdits, response: Response<B>) -> Response<B> {
    let (mut head, body) = response.into_parts();
    let filter = edits.filter(&View(&head.headers));
    convert::edit(&mut head.headers, |name, _| filter.keeps(name), filter.added());
    Response::from_parts(head, body)
}
