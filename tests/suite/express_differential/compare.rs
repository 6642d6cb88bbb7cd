//! What is compared of two answers, and in what they differ.

use super::wire::Answer;

/// The fields of CORS.
const CORS: [&str; 7] = [
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-allow-private-network",
    "access-control-expose-headers",
    "access-control-max-age",
];

/// In what two answers differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum What {
    Status,
    /// Both refuse, and theirs does not say what it asks for.
    NoChallenge,
    /// Their challenge offers another scheme beside.
    OtherScheme,
    /// Both refuse, with another error code.
    Code,
    Description,
    /// Something else in the challenges.
    Challenge,
    /// A field of CORS, or `Vary`.
    Field(&'static str),
}

/// All that differs.
pub(super) fn differences(ours: &Answer, theirs: &Answer) -> Vec<What> {
    let mut found = Vec::new();
    if ours.status != theirs.status {
        found.push(What::Status);
    }
    if (400..500).contains(&ours.status) && (400..500).contains(&theirs.status) {
        challenges(&challenge(ours), &challenge(theirs), &mut found);
    }
    if names(&ours.field("vary")) != names(&theirs.field("vary")) {
        found.push(What::Field("vary"));
    }
    let differing = |name: &&str| ours.field(name) != theirs.field(name);
    found.extend(CORS.into_iter().filter(differing).map(What::Field));
    found
}

/// The names in a field such as `Vary`, whatever their order and case.
fn names(field: &str) -> Vec<String> {
    let mut names: Vec<String> =
        field.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
    names.sort();
    names
}

/// A challenge: its scheme and its parameters.
type Challenge = (String, Vec<(String, String)>);

fn challenges(ours: &[Challenge], theirs: &[Challenge], found: &mut Vec<What>) {
    if theirs.is_empty() != ours.is_empty() {
        found.push(if theirs.is_empty() { What::NoChallenge } else { What::Challenge });
        return;
    }
    let bearer = |challenges: &[Challenge]| {
        let found = challenges.iter().find(|(scheme, _)| scheme == "Bearer");
        found.map(|(_, parameters)| parameters.clone()).unwrap_or_default()
    };
    if theirs.len() != ours.len() {
        found.push(What::OtherScheme);
    }
    let (mut ours, mut theirs) = (bearer(ours), bearer(theirs));
    for (name, what) in [("error", What::Code), ("error_description", What::Description)] {
        let take = |parameters: &mut Vec<(String, String)>| {
            let at = parameters.iter().position(|(other, _)| other == name);
            at.map(|at| parameters.remove(at))
        };
        let (ours, theirs) = (take(&mut ours), take(&mut theirs));
        // A description comes and goes with its code.
        if ours != theirs && !(what == What::Description && found.contains(&What::Code)) {
            found.push(what);
        }
    }
    if ours != theirs {
        found.push(What::Challenge);
    }
}

/// Reads `WWW-Authenticate` (RFC 9110 §11.6.1), where every parameter is between quotation marks.
fn challenge(answer: &Answer) -> Vec<Challenge> {
    let field = answer.field("www-authenticate");
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = field.as_str();
    while let Some((before, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').expect("a quotation mark at the end");
        rest = after;
        let name = match before.trim_start_matches([',', ' ']).split_once(' ') {
            Some((scheme, name)) => {
                challenges.push((scheme.to_owned(), Vec::new()));
                name
            }
            None => before.trim_start_matches([',', ' ']),
        };
        let (_, parameters) = challenges.last_mut().expect("a scheme at the start");
        parameters.push((name.to_owned(), value.to_owned()));
    }
    challenges
}
