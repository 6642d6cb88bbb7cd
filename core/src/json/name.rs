//! The names of members.

use alloc::{
    borrow::{Cow, ToOwned as _},
    string::String,
};
use core::{cmp::Ordering, fmt};
use serde::{
    Deserializer,
    de::{DeserializeSeed, Visitor},
};

/// The name of a member. The usual ones cost no allocation, and two names are compared by their
/// first bytes, which settles nearly every comparison at once.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Name {
    start: u64,
    text: Cow<'static, str>,
}

impl Name {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// How this name stands to another, byte by byte. Inlined, so that nothing is left to do about
    /// the start of a name that is known when the program is compiled.
    #[inline]
    pub(super) fn compare(&self, other: &str) -> Ordering {
        compare((self.start, &self.text), (start(other), other))
    }

    /// One of the usual names.
    fn usual(text: &str) -> Option<Self> {
        let wanted = start(text);
        let at = USUAL.binary_search_by_key(&wanted, |(start, _)| *start).ok()?;
        let (start, usual) = *USUAL.get(at)?;
        let is_this = compare((start, usual), (wanted, text)).is_eq();
        is_this.then_some(Self { start, text: Cow::Borrowed(usual) })
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self { start: start(&text), text: Cow::Owned(text) }
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        compare((self.start, &self.text), (other.start, &other.text))
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// How two names stand to each other, each with its start.
#[inline]
fn compare(one: (u64, &str), other: (u64, &str)) -> Ordering {
    let ((start, one), (other_start, other)) = (one, other);
    match start.cmp(&other_start) {
        // Nothing is left of either but the zeros that it may end in.
        Ordering::Equal if one.len() <= 8 && other.len() <= 8 => one.len().cmp(&other.len()),
        Ordering::Equal => one.cmp(other),
        decided => decided,
    }
}

/// The first eight bytes of a name, zeros where it is shorter: a number that is ordered as the names
/// are, where it is not the same for both.
#[inline]
const fn start(text: &str) -> u64 {
    match text.as_bytes().first_chunk() {
        Some(first) => u64::from_be_bytes(*first),
        None => {
            let mut rest = text.as_bytes();
            let (mut start, mut free) = (0, 64_u32);
            while let [byte, after @ ..] = rest {
                free = free.saturating_sub(8);
                start |= (*byte as u64) << free;
                rest = after;
            }
            start
        }
    }
}

/// The names that stand in nearly every header and payload of a token, and in keys, in order.
const USUAL: [(u64, &str); 24] = with_starts([
    "alg",
    "aud",
    "azp",
    "client_id",
    "e",
    "email",
    "exp",
    "gty",
    "iat",
    "iss",
    "jti",
    "kid",
    "kty",
    "n",
    "name",
    "nbf",
    "nonce",
    "permissions",
    "roles",
    "scope",
    "sid",
    "sub",
    "typ",
    "use",
]);

#[allow(clippy::indexing_slicing, reason = "evaluated when the program is compiled")]
const fn with_starts<const LENGTH: usize>(
    names: [&'static str; LENGTH],
) -> [(u64, &'static str); LENGTH] {
    let mut named = [(0, ""); LENGTH];
    let mut at = 0;
    while at < LENGTH {
        named[at] = (start(names[at]), names[at]);
        at += 1;
    }
    named
}

/// Reads the name of a member.
pub(super) struct NameSeed;

impl<'de> DeserializeSeed<'de> for NameSeed {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NameSeed {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(Name::usual(name).unwrap_or_else(|| Name::from(name.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_names_are_in_order_and_found() {
        assert!(USUAL.is_sorted_by(|(one, _), (other, _)| one < other));
        for (_, text) in USUAL {
            assert!(matches!(Name::usual(text).unwrap().text, Cow::Borrowed(_)), "{text}");
        }
        for text in ["", "al", "algo", "client_i", "client_ix", "permission", "alg\0"] {
            assert_eq!(Name::usual(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn names_are_ordered_as_their_texts_are(
            one in "[a-c\0]{0,10}|client_i[a-e]{0,2}",
            other in "[a-c\0]{0,10}|client_i[a-e]{0,2}",
        ) {
            let expected = one.cmp(&other);
            let one = Name::from(one);
            prop_assert_eq!(one.compare(&other), expected);
            let other = Name::from(other);
            prop_assert_eq!(one.cmp(&other), expected);
            prop_assert_eq!(one == other, expected == Ordering::Equal);
        }
    }
}
