//! The parameters of OAuth requests, in a query or in a form body.
//!
//! RFC 6749 §3.1 and §3.2: a parameter without a value counts as left out, and none may be given
//! more than once.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{Request, Uri, header};

/// Named values, each of them once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parameters {
    values: BTreeMap<String, String>,
    repeated: BTreeSet<String>,
}

/// The request has no form in its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAForm;

impl Parameters {
    /// The parameters of a request target's query.
    pub(crate) fn from_query(target: &Uri) -> Self {
        Self::parse(target.query().unwrap_or_default().as_bytes())
    }

    /// The parameters of a body that is declared as `application/x-www-form-urlencoded`.
    pub(crate) fn from_form(request: &Request<Bytes>) -> Result<Self, NotAForm> {
        let media_type = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .ok_or(NotAForm)?;
        if media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self::parse(request.body()))
        } else {
            Err(NotAForm)
        }
    }

    fn parse(text: &[u8]) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(text) {
            match parameters.values.entry(name.into_owned()) {
                Entry::Vacant(entry) => {
                    entry.insert(value.into_owned());
                }
                Entry::Occupied(entry) => {
                    parameters.repeated.insert(entry.key().clone());
                }
            }
        }
        parameters
    }

    /// The value of a parameter that was given exactly once and is not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let value = self.values.get(name)?;
        (!value.is_empty() && !self.repeated.contains(name)).then_some(value)
    }

    /// Whether any parameter was given more than once.
    pub(crate) fn has_repetition(&self) -> bool {
        !self.repeated.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn treats_a_parameter_without_value_as_left_out() {
        let parameters = Parameters::parse(b"state=&nonce");
        assert_eq!(parameters.get("state"), None);
        assert_eq!(parameters.get("nonce"), None);
        assert!(!parameters.has_repetition());
    }

    #[test]
    fn gives_no_value_for_a_repeated_parameter() {
        let parameters = Parameters::parse(b"state=a&scope=x+y&state=b");
        assert!(parameters.has_repetition());
        assert_eq!(parameters.get("state"), None);
        assert_eq!(parameters.get("scope"), Some("x y"));
    }

    #[test]
    fn takes_any_bytes() {
        let parameters = Parameters::parse(b"%ff%zz=%\xff&&=&==&\0");
        assert_eq!(parameters.get("state"), None);
    }

    #[test]
    fn refuses_a_body_that_is_no_form() {
        for (content_type, accepted) in [
            (Some("application/x-www-form-urlencoded"), true),
            (Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"), true),
            (Some("application/json"), false),
            (Some("multipart/form-data; boundary=application/x-www-form-urlencoded"), false),
            (None, false),
        ] {
            let mut request = Request::new(Bytes::from_static(b"a=b"));
            if let Some(content_type) = content_type {
                request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
            }
            let form = Parameters::from_form(&request);
            assert_eq!(form.is_ok(), accepted, "{content_type:?}");
        }
    }
}
