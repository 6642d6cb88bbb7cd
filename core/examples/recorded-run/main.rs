//! Replays a recorded run from a file: the same inputs give the same verdicts, wherever and whenever.
//!
//! ```sh
//! cargo run -p portcullis-core --example recorded-run -- core/examples/recorded-run/run.jsonl
//! ```
//!
//! Each line of the file is a request with its moment and the verdict that it got, or what a fetch
//! brought that the run made. Every verdict is printed; where one differs from the recorded one, or
//! something else is fetched, the example fails and says what.

mod record;

use portcullis_core::{
    crypto::RUSTCRYPTO,
    flow::{Context, Step},
    guard::{Guard, GuardFlow, GuardRoute, Requirement, Verdict},
    http::RequestHead,
    issuer::{Availability, Demand, IssuerConfig, IssuerMachine, Need},
    jwt::TokenPolicy,
    session::RevocationList,
    time::Now,
};
use record::{Drawn, Record, Request};
use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    let mut record = Record::read(&env::args().nth(1).ok_or("usage: recorded-run FILE")?)?;
    let mut issuer = IssuerMachine::new(IssuerConfig::new("https://op.example/")?, RUSTCRYPTO);
    let admins = Requirement::required_scopes(["admin"])?;
    let guard = Guard::builder(TokenPolicy::access_token(["https://api.example"])?)
        .route(GuardRoute::open("/health")?)
        .route(GuardRoute::new("/admin/:path*")?.require(admins))
        .build()?;
    while let Some(request) = record.request()? {
        let gives = text(decide(&guard, &mut issuer, &request, &mut record)?);
        println!("{} {}: {gives}", request.method, request.target);
        if gives != request.gives {
            return Err(format!("it was recorded as: {}", request.gives).into());
        }
    }
    Ok(())
}

fn decide(
    guard: &Guard,
    issuer: &mut IssuerMachine,
    request: &Request,
    record: &mut Record,
) -> Result<Verdict, Box<dyn Error>> {
    let Request { now, method, target, headers, .. } = request;
    let head = RequestHead { method, target, headers, peer: None, secure: true };
    let mut step = call(issuer, *now, |context| guard.begin(&head, context));
    loop {
        step = match step {
            Step::Done(verdict) => return Ok(verdict),
            Step::Await(wait) => {
                let availability = fetch(issuer, wait.need(), *now, record)?;
                call(issuer, *now, |context| wait.resume(availability, context))
            }
            _ => return Err("a guard waits for nothing else".into()),
        };
    }
}

fn call(
    issuer: &IssuerMachine,
    now: Now,
    call: impl FnOnce(&mut Context<'_>) -> Step<GuardFlow>,
) -> Step<GuardFlow> {
    let revocations = &RevocationList::default();
    call(&mut Context { now, entropy: &mut Drawn, issuers: &issuer.snapshot(), revocations })
}

/// What the issuer's machine says is due was fetched then, in the same order.
fn fetch(
    issuer: &mut IssuerMachine,
    need: &Need,
    now: Now,
    record: &mut Record,
) -> Result<Availability, Box<dyn Error>> {
    loop {
        if let Demand::Settled(availability) = issuer.demand(need, now) {
            return Ok(availability);
        }
        while let Some(flight) = issuer.poll_flight(now) {
            let answer = record.answer(&flight.request)?;
            let _event = issuer.on_answer(flight.id, Ok(answer), now, &mut Drawn);
        }
    }
}

fn text(verdict: Verdict) -> String {
    match verdict {
        Verdict::Allowed(token) => format!("200 {}", token.subject().unwrap_or("-")),
        Verdict::Refused(it) => format!("{} {}", it.response.status, it.reason),
        Verdict::Anonymous | Verdict::Answered(_) | Verdict::AskRevocation(_) => "200".into(),
    }
}
