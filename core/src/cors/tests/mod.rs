//! The CORS rules: those that npm's `cors` tests, by the names that they have there, and the rows of
//! the attack catalogue.

mod attacks;
mod npm;

use super::*;
use alloc::string::ToString as _;

const APP: &str = "https://app.example";

fn decide(cors: &Cors, method: &str, fields: &[(&str, &str)]) -> CorsDecision {
    let fields = fields.to_vec();
    let head = RequestHead { method, target: "/", headers: &fields, peer: None, secure: true };
    cors.begin(&head)
}

/// The fields that CORS puts on an answer with the fields `answer`.
fn fields_on(decision: &CorsDecision, answer: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): (&str, &str)| (name.to_string(), value.to_string());
    match decision {
        CorsDecision::Preflight(response) => response.headers.iter().map(owned).collect(),
        CorsDecision::Continue(edits) => {
            let answer = answer.to_vec();
            edits.filter(&answer).added().map(owned).collect()
        }
    }
}

fn value(fields: &[(String, String)], name: &str) -> Option<String> {
    let short = match name {
        "acao" => "access-control-allow-origin",
        "acac" => "access-control-allow-credentials",
        "acam" => "access-control-allow-methods",
        "acah" => "access-control-allow-headers",
        "aceh" => "access-control-expose-headers",
        "acma" => "access-control-max-age",
        other => other,
    };
    fields.iter().find(|(known, _)| known == short).map(|(_, value)| value.clone())
}

fn simple(cors: &Cors, origin: Option<&str>) -> Vec<(String, String)> {
    let fields: Vec<(&str, &str)> = origin.iter().map(|origin| ("origin", *origin)).collect();
    fields_on(&decide(cors, "GET", &fields), &[])
}

fn preflight(cors: &Cors, origin: &str) -> Vec<(String, String)> {
    let fields = [
        ("origin", origin),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-one, x-two"),
    ];
    fields_on(&decide(cors, "OPTIONS", &fields), &[])
}

fn listed() -> Cors {
    let origin = OriginPolicy::list([APP, "http://localhost:3000"]).unwrap();
    Cors::builder().origin(origin).build().unwrap()
}
