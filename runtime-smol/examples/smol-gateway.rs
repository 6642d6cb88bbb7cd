//! A gateway on smol: pages of its own, and an API on another server that gets the access token.
//!
//! ```sh
//! export CLIENT_SECRET=… COOKIE_SECRET="$(openssl rand -hex 32)"
//! cargo run -p portcullis-smol --example smol-gateway -- \
//!     https://tenant.eu.auth0.com/ CLIENT_ID http://localhost:3000 \
//!     http://localhost:5000 https://api.example 127.0.0.1:3000
//! ```
//!
//! - `GET /` is for everybody: `Hello.`, or `Hello, SUBJECT.` once somebody is signed in.
//! - `GET /private` leads through the sign-in first.
//! - `/api/…` goes to the API, with the user's access token; without a session it is refused with
//!   401.

use http::{Request, Response};
use portcullis_core::{
    gate::Gate,
    issuer::IssuerConfig,
    oidc::ClientConfig,
    pattern::{Case, Pattern},
    rewrite::{Matcher, RewriteRule, Rewrites},
    secret::Secret,
    session::{SecretRing, Session},
};
use portcullis_hyper::{
    application::Application,
    body::Body,
    client::{Client, PoolLimits},
    crypto::AWS_LC,
    drive::Driver,
    front_gate::FrontGate,
    gateway::Gateway,
    server::{Server, ServerLimits},
    tls,
};
use portcullis_smol::SmolRuntime;
use std::{env, error::Error, future};

struct Pages;

impl Application for Pages {
    async fn call(&self, request: Request<Body>, session: Option<&Session>) -> Response<Body> {
        let text = match (request.uri().path(), session) {
            ("/private", Some(session)) => format!("This is for {} alone.", session.subject()),
            (_, Some(session)) => format!("Hello, {}.", session.subject()),
            (_, None) => "Hello.".into(),
        };
        Response::new(Body::from(text))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // The calling thread and one beside it run the tasks.
    portcullis_smol::block_on(1, serve)
}

async fn serve(runtime: SmolRuntime) -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let usage = "usage: smol-gateway ISSUER CLIENT_ID BASE_URL API AUDIENCE [ADDRESS]";
    let mut next = || arguments.next().ok_or(usage);
    let (issuer, client_id, base_url) = (IssuerConfig::new(&next()?)?, next()?, next()?);
    let (api, audience) = (next()?, next()?);
    let address = next().unwrap_or_else(|_| "127.0.0.1:3000".into());

    let client = ClientConfig::new(&client_id, Secret::new(env::var("CLIENT_SECRET")?), &base_url)?
        .with_audience(&audience);
    let secrets = SecretRing::new([env::var("COOKIE_SECRET")?.as_str()], AWS_LC)?;
    let to_api = RewriteRule::new("/api/:path*", format!("{api}/api/:path*"));
    let gate = Gate::builder(client, secrets, AWS_LC)
        .rewrites(Rewrites::builder().after_files([to_api]).build()?)
        .protect(Matcher::new(["/private/:path*", "/api/:path*"])?)
        .api([Pattern::new("/api/:path*", Case::default())?])
        .build()?;

    let http = Client::new(runtime.clone(), tls::client_config(None)?, PoolLimits::default());
    let gate = FrontGate::new(gate, Driver::for_issuers(runtime.clone(), [issuer], AWS_LC)?, http);
    let mut server = Server::new(runtime, ServerLimits::default());
    println!("http://{}", server.bind(address.parse()?).await?);
    let _running = server.start(Gateway::new(gate, Pages));
    future::pending().await
}
