//! Destinations: compiled and checked once, filled in for each request that a rule applies to.

use super::{error::DestinationError, query, query::Addition};
use crate::{
    http::{Query, Scheme, Url, UrlError},
    path::{CanonicalPath, MAX_PATH_LENGTH, MAX_QUERY_LENGTH, PathError},
    pattern::{FillError, Landing, Param, Place, Template, Value, push_encoded, push_escape},
};
use alloc::{
    borrow::{Cow, ToOwned as _},
    format,
    string::String,
    vec::Vec,
};

/// A compiled destination.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    /// Where an external destination is; `None` for a local one.
    origin: Option<Origin>,
    path: Template,
    /// Never sent, but its parameters count as used.
    fragment: Option<Template>,
    query: Vec<QueryEntry>,
}

#[derive(Clone, Debug)]
struct Origin {
    scheme: Scheme,
    host: Template,
    /// `:port`, or nothing for the port that the scheme implies.
    port: String,
    /// Host and port of a destination without parameters in its host.
    authority: Option<String>,
}

/// All pairs of one name.
#[derive(Clone, Debug)]
struct QueryEntry {
    key: String,
    /// The name as written, and the value behind its `=`.
    pairs: Vec<(String, Option<Template>)>,
}

/// The origin of a filled-in external destination.
#[derive(Clone, Debug)]
pub(super) struct FilledOrigin<'r> {
    pub(super) scheme: Scheme,
    pub(super) authority: Cow<'r, str>,
}

/// The values that a rule found, by name.
pub(super) type Values<'f, 'v> = dyn Fn(&str) -> Option<Value<'v>> + 'f;

impl Destination {
    /// Compiles a destination. `known` says which names stand for parameters in a query.
    pub(super) fn new(
        text: &str,
        base_path: &str,
        known: &dyn Fn(&str) -> bool,
    ) -> Result<Self, DestinationError> {
        let (origin, rest) = if let Some(rest) = text.strip_prefix("https://") {
            split_origin(Scheme::Https, rest)?
        } else if let Some(rest) = text.strip_prefix("http://") {
            split_origin(Scheme::Http, rest)?
        } else if text.starts_with("//") {
            return Err(DestinationError::Path(PathError::EmptySegment));
        } else if text.starts_with('/') {
            (None, text)
        } else {
            return Err(DestinationError::Start);
        };
        let (rest, fragment) = match rest.split_once('#') {
            Some((rest, fragment)) => (rest, Some(Template::new(fragment)?)),
            None => (rest, None),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        if has_backslash(path) {
            return Err(DestinationError::Path(PathError::Backslash));
        }
        let mut path = Template::new(if path.is_empty() { "/" } else { path })?;
        if origin.is_none() && !base_path.is_empty() {
            path.prepend(base_path);
        }
        Ok(Self { origin, path, fragment, query: query_entries(query, known) })
    }

    pub(super) const fn is_external(&self) -> bool {
        self.origin.is_some()
    }

    /// The places for parameters, wherever they stand.
    pub(super) fn places(&self) -> impl Iterator<Item = &Place> {
        let in_query = self.query.iter().flat_map(|entry| &entry.pairs);
        self.used_places()
            .chain(in_query.filter_map(|(_, value)| value.as_ref()).flat_map(Template::places))
    }

    /// The places whose parameters count as used: all but those in the query.
    pub(super) fn used_places(&self) -> impl Iterator<Item = &Place> {
        let fragment = self.fragment.iter().flat_map(Template::places);
        self.path.places().chain(fragment).chain(self.host_places())
    }

    pub(super) fn host_places(&self) -> impl Iterator<Item = &Place> {
        self.origin.iter().flat_map(|origin| origin.host.places())
    }

    /// Checks that the path is canonical where every parameter is plain, and where those that may
    /// be absent are.
    pub(super) fn check_path(
        &self,
        may_be_absent: &dyn Fn(&str) -> bool,
    ) -> Result<(), DestinationError> {
        let plain = Some(Value::Path(Param::Text("x")));
        self.fill_path(&|_| plain).map_err(DestinationError::Path)?;
        self.fill_path(&|name| if may_be_absent(name) { None } else { plain })
            .map_err(DestinationError::Path)?;
        Ok(())
    }

    /// The path with its parameters, canonical again.
    pub(super) fn fill_path(
        &self,
        values: &Values<'_, '_>,
    ) -> Result<CanonicalPath<'static>, PathError> {
        // With room for an origin, which goes in front where the path goes out.
        let mut text = String::with_capacity(128);
        self.path
            .fill(&mut text, MAX_PATH_LENGTH, Landing::Path, values)
            .map_err(|_| PathError::PathTooLong)?;
        if text.is_empty() {
            text.push('/');
        }
        CanonicalPath::from_owned(text)
    }

    /// Whether `path` is still below the literal text that the destination's path starts with.
    pub(super) fn is_below_prefix(&self, path: &CanonicalPath<'_>) -> bool {
        path.as_str().starts_with(self.path.literal_prefix())
    }

    /// Scheme, host and port of an external destination.
    pub(super) fn fill_origin(
        &self,
        values: &Values<'_, '_>,
    ) -> Result<Option<FilledOrigin<'_>>, FillError> {
        let Some(origin) = &self.origin else { return Ok(None) };
        let authority = match &origin.authority {
            Some(authority) => Cow::Borrowed(&**authority),
            None => {
                let mut text = String::new();
                origin.host.fill(&mut text, MAX_HOST_LENGTH, Landing::Host, values)?;
                text.make_ascii_lowercase();
                text.push_str(&origin.port);
                Cow::Owned(text)
            }
        };
        Ok(Some(FilledOrigin { scheme: origin.scheme, authority }))
    }

    /// The query for the destination, or `None` where that of the request stays as it is.
    ///
    /// `unused` are parameters that are appended where the destination has none of that name.
    pub(super) fn fill_query<'v>(
        &self,
        request: Option<&str>,
        values: &Values<'_, 'v>,
        unused: impl Iterator<Item = (&'v str, Param<'v>)>,
    ) -> Result<Option<String>, FillError> {
        let mut additions: Vec<Addition<'_>> = Vec::new();
        for entry in &self.query {
            let mut pairs = Vec::new();
            for (name, value) in &entry.pairs {
                let mut pair = name.clone();
                if let Some(value) = value {
                    pair.push('=');
                    value.fill(&mut pair, MAX_QUERY_LENGTH, Landing::Query, values)?;
                }
                pairs.push(pair);
            }
            additions.push(Addition { key: Cow::Borrowed(&entry.key), pairs });
        }
        for (name, param) in unused {
            if self.query.iter().any(|entry| entry.key == name) {
                continue;
            }
            let pair = |text: &str| {
                let mut pair = format!("{name}=");
                push_encoded(&mut pair, text, Landing::Query);
                pair
            };
            let pairs = match param {
                Param::Text(text) => alloc::vec![pair(text)],
                Param::List(list) => list.iter().map(pair).collect(),
            };
            // The last of several parameters with the same name counts.
            match additions.iter_mut().find(|addition| addition.key == name) {
                Some(addition) => addition.pairs = pairs,
                None => additions.push(Addition { key: Cow::Borrowed(name), pairs }),
            }
        }
        if additions.is_empty() {
            return Ok(None);
        }
        let merged = query::merge(request, &additions);
        if merged.len() > MAX_QUERY_LENGTH {
            return Err(FillError::TooLong);
        }
        Ok(Some(merged))
    }
}

/// Whether there is a backslash anywhere but in the expression of a parameter, which is ignored.
fn has_backslash(path: &str) -> bool {
    let mut open = 0_usize;
    path.chars().any(|char| {
        match char {
            '(' => open = open.saturating_add(1),
            ')' => open = open.saturating_sub(1),
            _ => {}
        }
        char == '\\' && open == 0
    })
}

/// The greatest length of a host name (RFC 1035 §2.3.4).
const MAX_HOST_LENGTH: usize = 253;

/// Parses the authority behind a scheme; returns it with what follows.
fn split_origin(scheme: Scheme, rest: &str) -> Result<(Option<Origin>, &str), DestinationError> {
    let length = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(length).unwrap_or_default();
    if authority.contains('@') {
        return Err(DestinationError::Url(UrlError::UserInformation));
    }
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && is_port(port) => (host, Some(port)),
        _ => (authority, None),
    };
    let host = if host.starts_with('[') {
        Template::literal(host.to_ascii_lowercase())
    } else {
        Template::new(host)?
    };

    // The rest of the checks are those of any URL, with parameters that are harmless.
    let mut text = format!("{}://", scheme.as_str());
    let stand_in = |_: &str| Some(Value::Path(Param::Text("x")));
    host.fill(&mut text, MAX_HOST_LENGTH, Landing::Host, &stand_in)
        .map_err(|_| DestinationError::Url(UrlError::Host))?;
    text.make_ascii_lowercase();
    if let Some(port) = port {
        text.push(':');
        text.push_str(port);
    }
    let url = Url::parse(&text).map_err(DestinationError::Url)?;

    let port = if url.port() == scheme.default_port() {
        String::new()
    } else {
        format!(":{}", url.port())
    };
    let is_fixed = host.places().next().is_none();
    if !is_fixed && !has_fixed_domain(&host) {
        return Err(DestinationError::HostParameter);
    }
    let authority = is_fixed.then(|| format!("{}{port}", url.host()));
    Ok((Some(Origin { scheme, host, port, authority }), rest))
}

/// Whether parameters choose among the names below a domain that the rule fixes.
fn has_fixed_domain(host: &Template) -> bool {
    let last = host.literal_suffix().rsplit_once('.').map(|(_, label)| label);
    last.is_some_and(|label| label.bytes().any(|byte| byte.is_ascii_alphabetic()))
        && host.places().all(|place| !place.repeated)
}

/// Takes the query of a destination apart; pairs of the same name come together.
fn query_entries(query: &str, known: &dyn Fn(&str) -> bool) -> Vec<QueryEntry> {
    let mut entries: Vec<QueryEntry> = Vec::new();
    for raw in query.split('&').filter(|raw| !raw.is_empty()) {
        let (name, value) = match raw.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (raw, None),
        };
        let key = Query::new(raw).pairs().next().map(|(key, _)| key.into_owned());
        let key = key.unwrap_or_else(|| name.to_owned());
        let value = value.map(|value| Template::query_value(&escape_query(value), known));
        let pair = (escape_query(name), value);
        match entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => entry.pairs.push(pair),
            None => entries.push(QueryEntry { key, pairs: alloc::vec![pair] }),
        }
    }
    entries
}

/// Encodes what can't stand in a query; everything else stays as the rule has it.
fn escape_query(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte <= b' ' || byte >= 0x7f || matches!(byte, b'"' | b'<' | b'>') {
            push_escape(&mut escaped, byte);
        } else {
            escaped.push(char::from(byte));
        }
    }
    escaped
}
