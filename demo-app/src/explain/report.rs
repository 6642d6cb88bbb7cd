//! An explanation for people.

use core::fmt::{self, Write as _};
use portcullis_core::{
    gate::{Gate, GateExplanation, GateOutcome, RequestEdits},
    http::{RequestHead, Response},
    rewrite::{Applied, CoveredPath, ParamValue, RouterExplanation},
};

/// Explains what `gate` would do with `request`, whose header fields are `headers`.
pub(super) fn report(
    gate: &Gate,
    request: &RequestHead<'_>,
    headers: &[(String, String)],
) -> String {
    let mut report = Report { gate, headers, text: String::new() };
    // Writing to a string does not fail.
    let _ = report.write(request);
    report.text
}

struct Report<'r> {
    gate: &'r Gate,
    headers: &'r [(String, String)],
    text: String,
}

impl Report<'_> {
    fn write(&mut self, request: &RequestHead<'_>) -> fmt::Result {
        writeln!(self.text, "{} {}\n", request.method, request.target)?;
        match self.gate.explain(request) {
            Err(malformed) => {
                writeln!(self.text, "Refused    {malformed}: {}", malformed.status())?;
                writeln!(self.text, "           No rule is asked about such a request.")
            }
            Ok(explanation) => self.explanation(&explanation),
        }
    }

    fn explanation(&mut self, explanation: &GateExplanation) -> fmt::Result {
        writeln!(self.text, "Path       {}", explanation.path)?;
        if let Some(routing) = &explanation.routing {
            self.matcher(routing)?;
            self.rules(routing)?;
        }
        match &explanation.outcome {
            GateOutcome::OwnRoute { path } => {
                writeln!(self.text, "Goes to    the gate's own route {path}")?;
            }
            GateOutcome::Forward { destination, request } => {
                writeln!(self.text, "Goes to    {destination}")?;
                self.edits(request, authority(destination))?;
            }
            GateOutcome::Serve { destination, request } => {
                writeln!(self.text, "Goes to    the application, as {destination}")?;
                self.edits(request, None)?;
            }
            GateOutcome::Refused(error) => writeln!(self.text, "Refused    {error}: 400")?,
            _ => {}
        }
        match &explanation.without_session {
            Some(response) => self.without_session(response),
            None => Ok(()),
        }
    }

    fn matcher(&mut self, routing: &RouterExplanation<'_>) -> fmt::Result {
        let matcher = self.gate.router().protected();
        let entry = routing.covered.and_then(|covered| {
            let source = matcher?.sources().nth(covered.entry)?;
            Some((covered, source))
        });
        match entry {
            Some((covered, source)) => {
                let path = match covered.path {
                    CoveredPath::Requested => "the path",
                    CoveredPath::Rewritten => "the rewritten path",
                };
                let number = covered.entry;
                writeln!(
                    self.text,
                    "Matcher    {source} (matcher[{number}]) covers {path}: a session is needed"
                )
            }
            None => writeln!(self.text, "Matcher    no entry covers it: no session is needed"),
        }
    }

    fn rules(&mut self, routing: &RouterExplanation<'_>) -> fmt::Result {
        let mut label = "Rules";
        for (id, rule) in self.gate.router().rewrites().rules() {
            let applied = routing.rules.applied.iter().find(|applied| applied.rule == id);
            let fate = match applied {
                Some(_) => "applies",
                None if routing.rules.reached(id) => "does not match",
                None => "not asked",
            };
            let (source, destination) = (rule.source(), rule.destination());
            writeln!(self.text, "{label:<10} {id}  {source} -> {destination}: {fate}")?;
            label = "";
            if let Some(applied) = applied {
                self.params(applied)?;
            }
        }
        Ok(())
    }

    fn params(&mut self, applied: &Applied) -> fmt::Result {
        for param in &applied.params {
            let value = match &param.value {
                ParamValue::Text(text) => format!("{text:?}"),
                ParamValue::List(list) => format!("{list:?}"),
            };
            writeln!(self.text, "{:<14} :{} = {value}", "", param.name)?;
        }
        Ok(())
    }

    fn edits(&mut self, edits: &RequestEdits, host: Option<&str>) -> fmt::Result {
        let mut label = "Headers";
        // What goes away may be a credential.
        for (name, _) in self.headers.iter().filter(|(name, _)| !edits.keeps(name)) {
            writeln!(self.text, "{label:<10} - {name}")?;
            label = "";
        }
        let host = host.map(|host| ("host", host));
        for (name, value) in host.into_iter().chain(edits.added().iter()) {
            writeln!(self.text, "{label:<10} + {name}: {value}")?;
            label = "";
        }
        Ok(())
    }

    fn without_session(&mut self, response: &Response) -> fmt::Result {
        write!(self.text, "\nWithout a session: {}", response.status)?;
        match response.headers.get("location") {
            Some(location) => writeln!(self.text, ", to {location}"),
            None => writeln!(self.text),
        }
    }
}

/// Host and port of a URL.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split('/').next()
}
