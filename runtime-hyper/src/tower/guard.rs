//! The guard of an API as a layer.

use super::{Before, connection, layer_before};
use crate::{
    api_guard::{ApiGuard, Passed, make_private},
    body::Body,
    runtime::Runtime,
};
use core::future::Future;
use http::{Request, Response};

layer_before! {
    ApiGuard,
    /// Lets only requests through that the guard lets through, and answers all others itself.
    /// It goes around the whole application: inside of a nested router, its routes would see paths
    /// without their prefix and cover nothing.
    layer GuardLayer,
    /// A service with a guard before it.
    service GuardService
}

impl<R: Runtime> Before for ApiGuard<R> {
    async fn answer<E: Send, W>(
        self,
        request: Request<Body>,
        inner: impl FnOnce(Request<Body>) -> W + Send,
    ) -> Result<Response<Body>, E>
    where
        W: Future<Output = Result<Response<Body>, E>> + Send,
    {
        let (head, body) = request.into_parts();
        let connection = connection(&head);
        match self.check(head, body, connection).await {
            Ok(Passed { request, is_private }) => {
                let mut response = inner(request).await?;
                if is_private {
                    make_private(&mut response);
                }
                Ok(response)
            }
            Err(answer) => Ok(answer),
        }
    }
}
