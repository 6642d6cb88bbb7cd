//! The lines of a recorded run.

use portcullis_core::{
    entropy::{Entropy, EntropyError},
    http::{Inbound, Outbound},
    time::{Monotonic, Now, UnixSeconds},
};
use serde_json::Value;
use std::{error::Error, fs, time::Duration, vec};

/// When the run was recorded.
const START: u64 = 1_800_000_000;

/// What was recorded, line by line.
pub(crate) struct Record(vec::IntoIter<Value>);

/// A request, and the verdict that it got.
pub(crate) struct Request {
    pub(crate) now: Now,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) gives: String,
}

impl Record {
    pub(crate) fn read(path: &str) -> Result<Self, Box<dyn Error>> {
        let lines = fs::read_to_string(path)?;
        let lines: Vec<Value> =
            lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
        Ok(Self(lines.into_iter()))
    }

    /// The next request, if the run goes on.
    pub(crate) fn request(&mut self) -> Result<Option<Request>, Box<dyn Error>> {
        let Some(line) = self.0.next() else { return Ok(None) };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let seconds = line["seconds"].as_u64().ok_or("a line has its moment")?;
        let request = &line["request"];
        let headers = request["headers"].as_object().ok_or("a request has header fields")?;
        Ok(Some(Request {
            now: Now {
                unix: UnixSeconds(START + seconds),
                monotonic: Monotonic::from_start(Duration::from_secs(seconds)),
            },
            method: text(&request["method"]),
            target: text(&request["target"]),
            headers: headers.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
            gives: text(&line["gives"]),
        }))
    }

    /// What `request` brought then. It is an error where something else was fetched.
    pub(crate) fn answer(&mut self, request: &Outbound) -> Result<Inbound, Box<dyn Error>> {
        let line = self.0.next().ok_or("the record ends before the run does")?;
        if line["fetched"] != request.url.as_str() {
            return Err(format!("{} was not fetched then", request.url).into());
        }
        let status = line["status"].as_u64().ok_or("an answer has a status")?.try_into()?;
        let body = line["body"].as_str().ok_or("an answer has a body")?.into();
        Ok(Inbound { status, headers: Vec::new(), body })
    }
}

/// Whoever replays a run knows what was drawn.
pub(crate) struct Drawn;

impl Entropy for Drawn {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        bytes.fill(7);
        Ok(())
    }
}
