//! What an answer has to say of caching where the gate has a hand in it (RFC 9111).
//!
//! An upstream that is asked with a token need not say `private`, nor that its answer depends on the
//! token's owner: no shared cache stores such an answer where nothing says that it may (§3.5). The
//! caches before the gate see no token, for the browser sends a cookie in its place. So the gate says
//! of the cookie what follows from the token.

use crate::http::HeaderView;

/// A field that is added to an answer.
type Field = (&'static str, &'static str);

/// Nobody stores an answer that sets a cookie of the gate's.
pub(super) const WITH_A_COOKIE: [Option<Field>; 2] = [Some(("cache-control", "no-store")), None];

/// What `response`, which is for one person, does not say itself. What does not go on counts as not
/// said.
pub(super) fn missing_for_one_person(
    response: &dyn HeaderView,
    goes_on: impl Fn(&str) -> bool,
) -> [Option<Field>; 2] {
    let control = Control::of(response, &goes_on);
    let words = if !control.is_there {
        Some("private, no-store")
    } else if control.is_private || control.is_for_nobody || control.is_for_all {
        None
    } else {
        Some("private")
    };
    // The browser stores it, and the next one who signs in with it may be somebody else.
    let is_stored = control.is_there && !control.is_for_nobody && !control.is_for_all;
    let varies = is_stored && !(goes_on("vary") && varies_by_cookie(response));
    [words.map(|words| ("cache-control", words)), varies.then_some(("vary", "cookie"))]
}

/// What `Cache-Control` says of who may store an answer.
#[derive(Default)]
struct Control {
    is_there: bool,
    is_private: bool,
    is_for_nobody: bool,
    is_for_all: bool,
}

impl Control {
    fn of(response: &dyn HeaderView, goes_on: impl Fn(&str) -> bool) -> Self {
        let mut control = Self::default();
        if goes_on("cache-control") {
            each_element(response, "cache-control", &mut |directive| control.add(directive));
        }
        control
    }

    fn add(&mut self, directive: &[u8]) {
        let is = |name: &[u8]| directive.eq_ignore_ascii_case(name);
        let name = directive.split(|byte| *byte == b'=').next().unwrap_or_default();
        self.is_there = true;
        // With a list of fields, it speaks of those alone.
        self.is_private |= is(b"private");
        self.is_for_nobody |= is(b"no-store");
        self.is_for_all |= is(b"public") || name.trim_ascii().eq_ignore_ascii_case(b"s-maxage");
    }
}

fn varies_by_cookie(response: &dyn HeaderView) -> bool {
    let mut varies = false;
    each_element(response, "vary", &mut |name| {
        varies |= name == b"*" || name.eq_ignore_ascii_case(b"cookie");
    });
    varies
}

/// Calls `visit` with every element of the lists in the fields `name`.
fn each_element(response: &dyn HeaderView, name: &str, visit: &mut dyn FnMut(&[u8])) {
    response.each_value(name, &mut |value| {
        value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).for_each(&mut *visit);
    });
}

/// Whether a field says who may store an answer, and for how long; those for single caches end alike
/// (RFC 9213 §2.1), but for some that are older.
pub(super) fn is_about_caching(name: &str) -> bool {
    const OTHERS: [&str; 7] = [
        "age",
        "cache-control",
        "edge-control",
        "expires",
        "pragma",
        "surrogate-control",
        "x-accel-expires",
    ];
    const TARGETED: &str = "-cache-control";
    let end = name.len().checked_sub(TARGETED.len()).and_then(|start| name.get(start..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(TARGETED))
        || OTHERS.iter().any(|field| name.eq_ignore_ascii_case(field))
}
