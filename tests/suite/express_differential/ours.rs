//! Our side: the engine's API behind the core's guard and CORS policy, on sockets of its own.

use super::apis::Api;
use crate::harness::Provider;
use http::{Request, Response};
use portcullis_core::{
    issuer::{IssuerConfig, IssuerMachine},
    session::Session,
};
use portcullis_hyper::{
    api_guard::ApiGuard,
    application::Application,
    body::Body,
    client::{Client, Fetcher, PoolLimits},
    crypto::AWS_LC,
    drive::Driver,
    issuers::SharedIssuers,
    protected_api::ProtectedApi,
    runtime::TokioRuntime,
    server::{Server, ServerHandle, ServerLimits},
    tls,
};
use std::net::Ipv4Addr;
use tokio::runtime::{Builder, Runtime};

/// Our APIs. They stop when this is dropped.
pub(super) struct Ours {
    runtime: Runtime,
    servers: Vec<ServerHandle<TokioRuntime>>,
}

struct PrivateRoute;

impl Application for PrivateRoute {
    async fn call(&self, _: Request<Body>, _: Option<&Session>) -> Response<Body> {
        Response::new(Body::from(r#"{"message":"This is a private route"}"#))
    }
}

impl Ours {
    pub(super) fn new() -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Self { runtime: runtime.expect("a runtime"), servers: Vec::new() }
    }

    /// Starts an API for the tokens of `provider` and returns its port.
    pub(super) fn start(&mut self, provider: &Provider, api: Api) -> u16 {
        let _context = self.runtime.enter();
        let tls = tls::client_config(None).expect("TLS");
        let client = Client::new(TokioRuntime::new(), tls, PoolLimits::default());
        let issuer = IssuerConfig::new(provider.issuer()).expect("an issuer");
        let machine = IssuerMachine::new(issuer, AWS_LC);
        let driver = Driver::new(SharedIssuers::new([machine], Fetcher::new(client)));
        let cors = api.cors().map(|policy| policy.ours().expect("a policy"));
        let guard = ApiGuard::new(api.guard().expect("a guard"), driver);
        let api = ProtectedApi::new(guard, PrivateRoute);
        let mut server = Server::new(TokioRuntime::new(), ServerLimits::default());
        let address = self.runtime.block_on(server.bind((Ipv4Addr::LOCALHOST, 0).into()));
        self.servers.push(server.start(match cors {
            Some(cors) => api.with_cors(cors),
            None => api,
        }));
        address.expect("a port").port()
    }
}
