//! The engine in this process, with a gate that no setting of the demonstration makes.

use crate::harness::{Provider, Runtime};
use core::time::Duration;
use http::{Request, Response};
use portcullis_core::{
    gate::{Gate, GateBuilder},
    issuer::{IssuerConfig, IssuerMachine},
    oidc::{ClientConfig, ClientCredentials},
    rewrite::Matcher,
    session::{SecretRing, Session},
};
use portcullis_hyper::{
    application::Application,
    body::Body,
    client::{Client, Fetcher, PoolLimits},
    crypto::AWS_LC,
    drive::Driver,
    front_gate::FrontGate,
    gateway,
    issuers::SharedIssuers,
    runtime::{self, TokioRuntime},
    server::{Server, ServerLimits},
    tls,
};
use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};
use tokio::sync::Notify;

/// A gateway on a port and a thread of its own, in front of an application that says who is signed
/// in. It stops when this is dropped.
#[derive(Debug)]
pub(super) struct Gateway {
    /// Where it is, without a slash at the end.
    pub(super) url: String,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

struct Who;

impl Application for Who {
    async fn call(&self, _: Request<Body>, session: Option<&Session>) -> Response<Body> {
        let who = session.map_or("nobody", |session| session.subject());
        Response::new(Body::from(who.to_owned()))
    }
}

impl Gateway {
    /// Starts a gateway for the provider at `issuer`, with the gate that `build` makes.
    pub(super) fn start(
        runtime: Runtime,
        issuer: &str,
        credentials: ClientCredentials,
        build: fn(GateBuilder) -> GateBuilder,
    ) -> Self {
        let client = ClientConfig::new(Provider::CLIENT_ID, credentials, Provider::BASE_URL)
            .expect("a client")
            .with_audience(Provider::AUDIENCE);
        let secrets = SecretRing::new([Provider::COOKIE_SECRET], AWS_LC).expect("a secret");
        let protected = Matcher::new(["/private/:path*"]).expect("a matcher");
        let gate = build(Gate::builder(client, secrets, AWS_LC).protect(protected));
        let gate = gate.build().expect("a gate");
        let machine = IssuerMachine::new(IssuerConfig::new(issuer).expect("an issuer"), AWS_LC);

        let stop = Arc::new(Notify::new());
        let (sender, address) = mpsc::channel();
        let stopped = stop.clone();
        let thread = thread::spawn(move || match runtime {
            Runtime::Hyper => {
                let tokio = tokio::runtime::Builder::new_multi_thread().enable_all().build();
                let served = serve(TokioRuntime::new(), machine, gate, &sender, &stopped);
                tokio.expect("tokio").block_on(served);
            }
            Runtime::Smol => portcullis_smol::block_on(1, async |runtime| {
                serve(runtime, machine, gate, &sender, &stopped).await;
            }),
        });
        let url = address.recv().expect("an address");
        Self { url, stop, thread: Some(thread) }
    }
}

async fn serve<R: runtime::Runtime>(
    runtime: R,
    machine: IssuerMachine,
    gate: Gate,
    address: &mpsc::Sender<String>,
    stopped: &Notify,
) {
    let tls = tls::client_config(None).expect("TLS");
    let http = Client::new(runtime.clone(), tls, PoolLimits::default());
    let driver = Driver::new(SharedIssuers::new([machine], Fetcher::new(http.clone())));
    let mut server = Server::new(runtime, ServerLimits::default());
    let bound = server.bind(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let gate = FrontGate::new(gate, driver, http);
    let handle = server.start(gateway::Gateway::new(gate, Who));
    address.send(format!("http://{bound}")).expect("somebody waits for it");
    stopped.notified().await;
    handle.shutdown(Duration::ZERO).await;
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
