//! A protected API with the core alone: a thread for each connection, no async, no HTTP library.
//!
//! ```sh
//! cargo run -p portcullis-core --example blocking-threads -- \
//!     http://localhost:4000/ https://api.example 127.0.0.1:5000
//! ```
//!
//! - `GET /health` is for everybody: `I am well.`
//! - Every other path needs a token, and answers `Hello, SUBJECT.`

#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // What the core leaves to others.

mod outside;

use outside::{Random, answer, now, send, text};
use portcullis_core::{
    crypto::RUSTCRYPTO,
    flow::{Context, Step},
    guard::{Guard, GuardRoute, Verdict},
    http::{RequestHead, Response},
    issuer::{Availability, Demand, IssuerConfig, IssuerMachine, IssuerSnapshot, Need},
    jwt::TokenPolicy,
    session::RevocationList,
};
use std::sync::{Arc, Mutex, RwLock};
use std::{env, error::Error, net::TcpListener, thread};

struct Api {
    guard: Guard,
    issuer: Mutex<IssuerMachine>,
    /// What is known of the issuer. Who reads it waits for no fetch.
    known: RwLock<Arc<IssuerSnapshot>>,
}

impl Api {
    fn respond(&self, head: &RequestHead<'_>) -> Response {
        match self.decide(head) {
            Verdict::Allowed(it) => text(format!("Hello, {}.", it.subject().unwrap_or("you"))),
            Verdict::Anonymous => text("I am well.".into()),
            Verdict::Answered(answer) => answer,
            Verdict::Refused(refusal) => refusal.response,
            Verdict::AskRevocation(_) => unreachable!("this guard does not ask"),
        }
    }

    /// Drives a request to its verdict: the steps of the core, and what each of them waits for.
    fn decide(&self, head: &RequestHead<'_>) -> Verdict {
        let mut step = self.call(|context| self.guard.begin(head, context));
        loop {
            step = match step {
                Step::Done(verdict) => return verdict,
                Step::Await(wait) => {
                    let availability = self.fetch(wait.need());
                    self.call(|context| wait.resume(availability, context))
                }
                _ => unreachable!("a guard waits for nothing else"),
            };
        }
    }

    fn call<T>(&self, call: impl FnOnce(&mut Context<'_>) -> T) -> T {
        let known = self.known.read().expect("no thread panics").clone();
        let revocations = &RevocationList::default();
        call(&mut Context { now: now(), entropy: &mut Random, issuers: &known, revocations })
    }

    /// Sends what the issuer's machine says is due. One thread does; others that need it wait here.
    fn fetch(&self, need: &Need) -> Availability {
        let mut issuer = self.issuer.lock().expect("no thread panics");
        loop {
            if let Demand::Settled(availability) = issuer.demand(need, now()) {
                return availability;
            }
            while let Some(flight) = issuer.poll_flight(now()) {
                let answer = send(&flight.request);
                println!("{:?}", issuer.on_answer(flight.id, answer, now(), &mut Random));
                *self.known.write().expect("no thread panics") = issuer.snapshot();
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let issuer = arguments.next().ok_or("usage: blocking-threads ISSUER AUDIENCE [ADDRESS]")?;
    let policy = TokenPolicy::access_token(arguments.next())?;
    let guard = Guard::builder(policy).route(GuardRoute::open("/health")?).build()?;
    let issuer = IssuerMachine::new(IssuerConfig::new(&issuer)?, RUSTCRYPTO);
    let known = RwLock::new(issuer.snapshot());
    let api = Arc::new(Api { guard, issuer: Mutex::new(issuer), known });
    let listener = TcpListener::bind(arguments.next().unwrap_or_else(|| "127.0.0.1:5000".into()))?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (api, stream) = (api.clone(), stream?);
        thread::spawn(move || answer(&stream, |head| api.respond(head)));
    }
    Ok(())
}
