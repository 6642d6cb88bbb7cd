//! What a question is answered with.

use portcullis_core::{
    path::PathError,
    rewrite::{AppliedParam, ParamValue, RouterExplanation, RuleId, Target},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::value::RawValue;

/// Where a request goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// To another server.
    External,
    /// To the application, or to the gate itself.
    Local,
    /// No rule applied.
    None,
    /// Nowhere: the request is ambiguous.
    Refused,
    /// The question can't be answered.
    Invalid,
}

/// The answer to a question.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    kind: Kind,
    destination: Option<String>,
    rule: Option<usize>,
    phase: Option<&'static str>,
    params: Params,
    guarded: bool,
    reason: Option<String>,
}

/// An answer as it is written.
#[derive(Debug, Serialize)]
pub(super) struct Line<'q> {
    id: &'q RawValue,
    #[serde(flatten)]
    answer: Answer,
}

impl Answer {
    fn of_kind(kind: Kind, reason: Option<String>) -> Self {
        Self {
            kind,
            destination: None,
            rule: None,
            phase: None,
            params: Params::default(),
            guarded: false,
            reason,
        }
    }

    /// The question can't be answered.
    pub(super) fn invalid(reason: String) -> Self {
        Self::of_kind(Kind::Invalid, Some(reason))
    }

    /// The request is refused before any rule is asked.
    pub(super) fn refused(error: PathError) -> Self {
        Self::of_kind(Kind::Refused, Some(error.to_string()))
    }

    /// What rules and matcher said.
    pub(super) fn explained(explanation: RouterExplanation<'_>) -> Self {
        let (kind, destination, reason) = match &explanation.rules.result {
            Err(error) => (Kind::Refused, None, Some(error.to_string())),
            Ok(routed) => match &routed.target {
                Target::External(url) => (Kind::External, Some(url.to_string()), None),
                Target::Local(url) => (Kind::Local, Some(url.to_string()), None),
                Target::None => (Kind::None, None, None),
            },
        };
        let guarded = explanation.covered.is_some();
        let last = explanation.rules.applied.into_iter().next_back();
        let (rule, params) = match last {
            Some(applied) => (Some(applied.rule), applied.params),
            None => (None, Vec::new()),
        };
        Self {
            kind,
            destination,
            rule: rule.map(|RuleId { index, .. }| index),
            phase: rule.map(|RuleId { phase, .. }| phase.as_str()),
            params: Params(params),
            guarded,
            reason,
        }
    }

    pub(super) fn with_id(self, id: &RawValue) -> Line<'_> {
        Line { id, answer: self }
    }
}

/// Parameters as members of an object.
#[derive(Debug, Default)]
struct Params(Vec<AppliedParam>);

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for AppliedParam { name, value } in &self.0 {
            match value {
                ParamValue::Text(text) => map.serialize_entry(name, text)?,
                ParamValue::List(list) => map.serialize_entry(name, list)?,
            }
        }
        map.end()
    }
}
