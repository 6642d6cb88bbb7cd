//! Where we differ from Express on purpose.

use super::{
    apis::{Api, Peer},
    compare::What,
    corpus::{About, Case},
    wire::{Answer, Request},
};
use std::collections::BTreeMap;

/// One thing in which two answers to a request differ.
pub(super) struct Difference<'c> {
    pub(super) case: &'c Case,
    pub(super) peer: Peer,
    pub(super) ours: &'c Answer,
    pub(super) theirs: &'c Answer,
    pub(super) what: What,
}

/// A kind of difference that is meant to be.
#[derive(Debug)]
pub(super) struct Class {
    name: &'static str,
    reason: &'static str,
    explains: fn(&Difference<'_>) -> bool,
}

/// How often the answers were the same, and how often each class explained a difference.
#[derive(Debug, Default)]
pub(super) struct Counts {
    compared: BTreeMap<Peer, usize>,
    same: BTreeMap<Peer, usize>,
    classes: BTreeMap<(&'static str, Peer), usize>,
}

impl Counts {
    pub(super) fn compared(&mut self, peer: Peer, same: bool) {
        *self.compared.entry(peer).or_default() += 1;
        *self.same.entry(peer).or_default() += usize::from(same);
    }

    pub(super) fn explained(&mut self, class: &Class, peer: Peer) {
        *self.classes.entry((class.name, peer)).or_default() += 1;
    }

    pub(super) fn print(&self) {
        for (peer, compared) in &self.compared {
            let same = self.same.get(peer).copied().unwrap_or_default();
            println!("{}: {compared} asked, {same} the same in everything", peer.package());
            for class in CLASSES {
                if let Some(count) = self.classes.get(&(class.name, *peer)) {
                    println!("  {count:>6}  {}: {}", class.name, class.reason);
                }
            }
        }
    }

    /// The classes that explained nothing.
    pub(super) fn unused(&self) -> Vec<&'static str> {
        let is_used = |name: &&str| self.classes.keys().any(|(used, _)| used == name);
        CLASSES.iter().map(|class| class.name).filter(|name| !is_used(name)).collect()
    }
}

/// The class of a difference; `None` if there is none for it.
pub(super) fn class_of(difference: &Difference<'_>) -> Option<&'static Class> {
    CLASSES.iter().find(|class| (class.explains)(difference))
}

/// The first that explains a difference is its class.
const CLASSES: &[Class] = &[
    Class {
        name: "options-without-asking",
        reason: "an OPTIONS without both an Origin and a method to ask for is no preflight (Fetch, \
                 \"CORS-preflight fetch\"): it goes on, and needs a token as any other request",
        explains: |difference| {
            let request = &difference.case.request;
            difference.case.api.cors().is_some()
                && request.method == "OPTIONS"
                && !(request.has("Origin") && request.has("Access-Control-Request-Method"))
        },
    },
    Class {
        name: "options-skips-no-authentication",
        reason: "express-jwt lets every OPTIONS through that asks for Authorization, with a bad \
                 token too; here a request is authenticated, whatever its method",
        explains: |difference| {
            difference.peer == Peer::ExpressJwt
                && difference.case.request.method == "OPTIONS"
                && difference.is_stricter()
        },
    },
    Class {
        name: "optional-is-none-or-good",
        reason: "where a token is optional, a request may come with none, and not with a bad one: \
                 express-oauth2-jwt-bearer lets every failure pass, express-jwt other schemes",
        explains: |difference| difference.case.api == Api::Optional && difference.is_stricter(),
    },
    Class {
        name: "good-tokens-that-do-not-do",
        reason: "a good token whose claims do not do is 403 with insufficient_scope: a new one of \
                 the same kind would not do either (RFC 6750 §3.1)",
        explains: |difference| {
            difference.ours.status == 403
                && (difference.theirs.status == 401 && difference.what == What::Status
                    || difference.what == What::Code)
        },
    },
    Class {
        name: "one-reading-of-json",
        reason: "a header or claims that two readers may read differently are refused: members \
                 twice, bytes that are no text, lone surrogates, numbers beyond all, more depth or \
                 members than any token has (RFC 7515 §4, RFC 8725 §2.4)",
        explains: |difference| difference.is_stricter_about(&[About::Json]),
    },
    Class {
        name: "one-spelling-of-base64",
        reason: "each part has one spelling: no padding, no bits left over, no other alphabet, \
                 nothing that is skipped (RFC 7515 §2); else one token has many names for caches and \
                 lists of revoked ones",
        explains: |difference| difference.is_stricter_about(&[About::Bytes, About::Credentials]),
    },
    Class {
        name: "one-credential",
        reason: "Authorization twice is refused, and so is a token in two places (RFC 6750 §2); \
                 Node keeps the first field and hands on the rest unseen, and express-jwt looks at \
                 no other place",
        explains: |difference| {
            difference.is_stricter_about(&[About::Repeated])
                || difference.peer == Peer::ExpressJwt
                    && difference.is_stricter_about(&[About::Place])
        },
    },
    Class {
        name: "length",
        reason: "a token of more than 8 KiB is refused before it is looked at; the limit can be set",
        explains: |difference| difference.is_stricter_about(&[About::Length]),
    },
    Class {
        name: "critical-extensions",
        reason: "`crit` names what must be understood, and none of it is (RFC 7515 §4.1.11); `b64` \
                 is for no token (RFC 7797 §7)",
        explains: |difference| difference.is_stricter_about(&[About::Critical]),
    },
    Class {
        name: "keys-of-its-own",
        reason: "a token that brings a key or leads to one is refused, even where the key is not \
                 looked at (RFC 8725 §3.10)",
        explains: |difference| difference.is_stricter_about(&[About::ForeignKey]),
    },
    Class {
        name: "sealed-or-nested",
        reason: "a header that belongs to an encrypted or a nested token is refused (RFC 8725 §3.11)",
        explains: |difference| difference.is_stricter_about(&[About::NestedOrSealed]),
    },
    Class {
        name: "explicit-types",
        reason: "a token that says it is something else than an access token is none (RFC 8725 \
                 §3.11, RFC 9068 §4)",
        explains: |difference| difference.is_stricter_about(&[About::Type]),
    },
    Class {
        name: "keys-for-one-algorithm",
        reason: "a key that is published for another algorithm checks no RS256 (RFC 7517 §4.4)",
        explains: |difference| difference.is_stricter_about(&[About::KeyId]),
    },
    Class {
        name: "id-tokens",
        reason: "a token with the marks of an ID token is for the client, not for the API (RFC 8725 \
                 §3.12)",
        explains: |difference| difference.is_stricter_about(&[About::IdToken]),
    },
    Class {
        name: "expiry",
        reason: "an access token must expire (RFC 9068 §2.2)",
        explains: |difference| difference.is_stricter_about(&[About::Expiry]),
    },
    Class {
        name: "issued-in-the-future",
        reason: "a token from beyond the tolerance of clocks, or that expires before it is issued, \
                 is refused",
        explains: |difference| difference.is_stricter_about(&[About::Issued]),
    },
    Class {
        name: "dates",
        reason: "a date is a number of seconds from 1970 to the year 9999 (RFC 7519 §2); one \
                 beyond that, or of another type, spoils the token",
        explains: |difference| difference.is_stricter_about(&[About::Dates]),
    },
    Class {
        name: "audiences",
        reason: "each audience is a text (RFC 7519 §4.1.3); a list with anything else in it is \
                 refused as a whole",
        explains: |difference| difference.is_stricter_about(&[About::Audience]),
    },
    Class {
        name: "types-of-claims",
        reason: "a registered claim is of its type or absent; null is not absent (RFC 7519 §4.1, \
                 RFC 8693 §4.2)",
        explains: |difference| {
            let comes_first = difference.case.about == About::Requirement
                && difference.ours.status == 401
                && matches!(difference.theirs.status, 200 | 403);
            difference.is_stricter_about(&[About::OtherClaims]) || comes_first
        },
    },
    Class {
        name: "bound-tokens",
        reason: "a token that is bound to a key of its client is no bearer token, and the binding \
                 is not checked here (RFC 7800 §3.1, RFC 9449 §7.1)",
        explains: |difference| difference.is_stricter_about(&[About::Binding]),
    },
    Class {
        name: "query-and-form",
        reason: "a token in a query makes the request malformed, and one in a form is not looked \
                 at, unless that is switched on (RFC 9700 §4.3.2); express-oauth2-jwt-bearer always \
                 takes both, express-jwt sees neither",
        explains: |difference| {
            difference.case.about == About::Place && difference.case.api != Api::AnyPlace
        },
    },
    Class {
        name: "form-of-a-get",
        reason: "a token stands in a form only where the method gives its body a meaning (RFC 6750 \
                 §2.2)",
        explains: |difference| {
            difference.is_stricter_about(&[About::Place]) && difference.case.request.method == "GET"
        },
    },
    Class {
        name: "several-blanks",
        reason: "one or more blanks stand between the scheme and the token (RFC 6750 §2.1)",
        explains: |difference| {
            difference.case.request.field("Authorization").contains("  ")
                && difference.ours.status == 200
                && difference.what == What::Status
        },
    },
    Class {
        name: "malformed-is-400",
        reason: "a bearer token that is none of `b64token` makes the request malformed: 400 with \
                 invalid_request (RFC 6750 §3.1)",
        explains: |difference| {
            difference.ours.status == 400
                && (difference.theirs.status == 401 && difference.what == What::Status
                    || difference.what == What::Code)
        },
    },
    Class {
        name: "other-schemes",
        reason: "credentials of another scheme are as good as none: 401 and what is asked for, \
                 without an error (RFC 6750 §3.1)",
        explains: |difference| {
            (difference.ours.status, difference.theirs.status) == (401, 400)
                && matches!(difference.what, What::Status | What::Code)
                && difference.case.about == About::Credentials
        },
    },
    Class {
        name: "challenge-always",
        reason: "a 401 says what is asked for (RFC 9110 §15.5.2, RFC 6750 §3); express-jwt leaves \
                 that to the application",
        explains: |difference| {
            difference.peer == Peer::ExpressJwt && difference.what == What::NoChallenge
        },
    },
    Class {
        name: "bearer-alone",
        reason: "the scheme DPoP is not offered, since no proof would be checked; \
                 express-oauth2-jwt-bearer offers it by default",
        explains: |difference| {
            difference.peer == Peer::ExpressOauth2JwtBearer && difference.what == What::OtherScheme
        },
    },
    Class {
        name: "constant-descriptions",
        reason: "a description is constant text; which check failed, and what would pass it, is for \
                 the log",
        explains: |difference| {
            difference.peer == Peer::ExpressOauth2JwtBearer && difference.what == What::Description
        },
    },
    Class {
        name: "one-origin",
        reason: "an Origin that stands twice, or has more than 512 bytes, is no origin",
        explains: |difference| {
            let origins = difference.case.request.all("Origin");
            difference.is_cors() && (origins.len() > 1 || origins.iter().any(|it| it.len() > 512))
        },
    },
    Class {
        name: "null-is-not-reflected",
        reason: "`null` is the origin of sandboxed pages of anybody, so it is allowed only where it \
                 is listed",
        explains: |difference| {
            difference.is_cors()
                && difference.theirs.field("access-control-allow-origin") == "null"
                && difference.ours.field("access-control-allow-origin").is_empty()
        },
    },
    Class {
        name: "nothing-for-other-origins",
        reason: "an origin that is not allowed is told nothing: no fixed origin that is another's, \
                 no credentials, no methods, no header names",
        explains: |difference| {
            let allowed = difference.theirs.field("access-control-allow-origin");
            difference.is_cors()
                && difference.ours.field("access-control-allow-origin").is_empty()
                && (allowed.is_empty() || allowed != difference.case.request.field("Origin"))
        },
    },
    Class {
        name: "names-that-are-names",
        reason: "what a preflight asks for is repeated only where it is a list of header names of \
                 at most 2 KiB",
        explains: |difference| {
            let asked = difference.case.request.field("Access-Control-Request-Headers");
            let is_name_byte =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~, \t".contains(&byte);
            difference.what == What::Field("access-control-allow-headers")
                && (asked.len() > 2048 || !asked.bytes().all(is_name_byte))
        },
    },
    Class {
        name: "exposes-the-challenge",
        reason: "a page may read WWW-Authenticate, so that it learns why it was refused; that can \
                 be changed",
        explains: |difference| {
            difference.what == What::Field("access-control-expose-headers")
                && difference.ours.field("access-control-expose-headers") == "WWW-Authenticate"
        },
    },
    Class {
        name: "exposes-on-answers",
        reason: "which fields a page may read is said on the answer to the request, where browsers \
                 look for it, and not on the preflight before (Fetch, \"CORS check\")",
        explains: |difference| {
            difference.what == What::Field("access-control-expose-headers")
                && difference.case.about == About::Preflight
                && difference.ours.field("access-control-expose-headers").is_empty()
        },
    },
];

impl Difference<'_> {
    /// Everything that there is to know of it.
    pub(super) fn report(&self) -> String {
        let Self { case, peer, ours, theirs, what } = self;
        let Case { about, name, api, request } = case;
        format!(
            "{what:?} of {about:?}, {name}, at {api:?}\n{request:?}\nours: {ours:#?}\n{}: {theirs:#?}",
            peer.package()
        )
    }

    /// Whether theirs passes what ours refuses.
    fn is_stricter(&self) -> bool {
        self.what == What::Status
            && (200..300).contains(&self.theirs.status)
            && (400..500).contains(&self.ours.status)
    }

    fn is_stricter_about(&self, about: &[About]) -> bool {
        self.is_stricter() && about.contains(&self.case.about)
    }

    fn is_cors(&self) -> bool {
        matches!(self.what, What::Field(_))
    }
}

impl Request {
    fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }
}
