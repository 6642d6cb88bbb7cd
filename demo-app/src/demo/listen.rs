//! The listeners.

use super::StartError;
use crate::settings::ListenAddress;
use portcullis_core::http::Origin;
use portcullis_hyper::{
    runtime::Runtime,
    server::{Server, ServerLimits},
};
use std::{io, net::SocketAddr};

/// A server at `address`, which the setting `name` chose, and the origin that it serves.
pub(super) async fn bind<R: Runtime>(
    runtime: &R,
    address: &ListenAddress,
    name: &'static str,
) -> Result<(Server<R>, Origin), StartError> {
    // A port that is free on one address of localhost may be taken on the other.
    let mut attempts = if address.primary().port() == 0 { 8 } else { 1 };
    loop {
        attempts -= 1;
        match bind_once(runtime, address).await {
            Ok((server, port)) => {
                return Ok((server, address.origin(port).map_err(StartError::Origin)?));
            }
            Err((_, error)) if attempts > 0 && error.kind() == io::ErrorKind::AddrInUse => {}
            Err((address, error)) => {
                return Err(StartError::Bind { name, address: address.to_string(), error });
            }
        }
    }
}

/// Binds both addresses where there are two. One that is somebody else's is an error: browsers, and
/// the gate itself, would find whoever that is under the same name.
async fn bind_once<R: Runtime>(
    runtime: &R,
    address: &ListenAddress,
) -> Result<(Server<R>, u16), (SocketAddr, io::Error)> {
    let mut server = Server::new(runtime.clone(), ServerLimits::default());
    let primary = address.primary();
    let port = server.bind(primary).await.map_err(|error| (primary, error))?.port();
    if let Some(companion) = address.companion(port)
        && let Err(error) = server.bind(companion).await
    {
        if error.kind() == io::ErrorKind::AddrInUse {
            return Err((companion, error));
        }
        // A machine without IPv6; browsers find the other address.
        tracing::debug!(%companion, %error, "the second address of localhost is not in use");
    }
    Ok((server, port))
}
