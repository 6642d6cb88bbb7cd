//! Which claims of an ID token a session keeps.

use crate::json::Object;
use alloc::{
    borrow::Cow,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

/// Claims about the token itself, which say nothing about the user.
const PROTOCOL_CLAIMS: [&str; 12] = [
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "exp",
    "iat",
    "iss",
    "jti",
    "nbf",
    "nonce",
    "s_hash",
];

/// OpenID Connect Core 1.0 §5.1, and the organization that Auth0 names.
const STANDARD_CLAIMS: [&str; 22] = [
    "address",
    "birthdate",
    "email",
    "email_verified",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "org_id",
    "org_name",
    "phone_number",
    "phone_number_verified",
    "picture",
    "preferred_username",
    "profile",
    "sub",
    "updated_at",
    "website",
    "zoneinfo",
];

/// Which claims of an ID token a session keeps. `sub` always is among them, and what is about the
/// token (`exp`, `nonce`, `at_hash` and the like) never is.
///
/// By default these are the standard claims of OpenID Connect Core 1.0 §5.1 and Auth0's `org_id`
/// and `org_name`. A session has to fit into cookies, so every further claim is asked for by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeptClaims(Kept);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Kept {
    AllBut(Vec<Cow<'static, str>>),
    Named(Vec<Cow<'static, str>>),
}

impl KeptClaims {
    /// These claims and `sub`.
    #[must_use]
    pub fn only<N: Into<Cow<'static, str>>>(names: impl IntoIterator<Item = N>) -> Self {
        Self(Kept::Named(names.into_iter().map(Into::into).collect()))
    }

    /// Every claim that is about the user, whatever the provider sends.
    #[must_use]
    pub const fn all() -> Self {
        Self(Kept::AllBut(Vec::new()))
    }

    /// Every claim that is about the user but these. `sub` is kept all the same.
    #[must_use]
    pub fn all_but<N: Into<Cow<'static, str>>>(names: impl IntoIterator<Item = N>) -> Self {
        Self(Kept::AllBut(names.into_iter().map(Into::into).collect()))
    }

    /// These claims too.
    #[must_use]
    pub fn and<N: Into<Cow<'static, str>>>(self, names: impl IntoIterator<Item = N>) -> Self {
        let mut names = names.into_iter().map(Into::into);
        Self(match self.0 {
            Kept::AllBut(mut left_out) => {
                let added: Vec<_> = names.collect();
                left_out.retain(|name| !added.contains(name));
                Kept::AllBut(left_out)
            }
            Kept::Named(mut known) => {
                known.extend(&mut names);
                Kept::Named(known)
            }
        })
    }

    fn keeps(&self, name: &str) -> bool {
        if PROTOCOL_CLAIMS.contains(&name) {
            return false;
        }
        match &self.0 {
            Kept::AllBut(names) => name == "sub" || !names.iter().any(|known| known == name),
            Kept::Named(names) => name == "sub" || names.iter().any(|known| known == name),
        }
    }
}

impl Default for KeptClaims {
    fn default() -> Self {
        Self::only(STANDARD_CLAIMS)
    }
}

/// Claims of the ID token that describe the user. They may be personal and are not printed.
#[derive(Clone, PartialEq)]
pub struct UserClaims(pub(super) Object);

impl Eq for UserClaims {}

impl fmt::Debug for UserClaims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserClaims(..)")
    }
}

impl UserClaims {
    /// Those of an ID token's claims that a session keeps.
    #[must_use]
    pub(crate) fn of_id_token(claims: &Object, kept: &KeptClaims) -> Self {
        Self(
            claims
                .iter()
                .filter(|(name, _)| kept.keeps(name))
                .map(|(name, value)| (name.to_string(), value.clone()))
                .collect(),
        )
    }

    /// The claims of a newer ID token over these. What the newer one leaves out stays: OpenID
    /// Connect Core 1.0 §12.2 does not ask a refreshed ID token to say everything again.
    #[must_use]
    pub(crate) fn renewed(&self, newer: &Self) -> Self {
        let older = self.0.iter().filter(|(name, _)| newer.0.get(name).is_none());
        let all = older.chain(newer.0.iter());
        Self(all.map(|(name, value)| (String::from(name), value.clone())).collect())
    }

    /// The claims.
    #[must_use]
    pub const fn claims(&self) -> &Object {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonLimits;
    use alloc::string::String;

    const LIMITS: JsonLimits = JsonLimits { bytes: 1024, depth: 4, members: 32 };

    fn claims(text: &str) -> Object {
        Object::parse(text.as_bytes(), LIMITS).unwrap()
    }

    fn kept(kept: &KeptClaims, text: &str) -> String {
        UserClaims::of_id_token(&claims(text), kept).0.to_json()
    }

    #[test]
    fn keeps_standard_claims_and_those_asked_for() {
        let token = r#"{"sub":"u","name":"Una","org_id":"o","https://x/roles":["a"],"groups":["g"],
            "exp":1,"nonce":"n","aud":"c","iss":"i","at_hash":"h","jti":"j"}"#;
        let standard = KeptClaims::default();
        assert_eq!(kept(&standard, token), r#"{"name":"Una","org_id":"o","sub":"u"}"#);
        assert_eq!(
            kept(&standard.and(["https://x/roles"]), token),
            r#"{"https://x/roles":["a"],"name":"Una","org_id":"o","sub":"u"}"#
        );
        assert_eq!(
            kept(&KeptClaims::only(["groups", "exp"]), token),
            r#"{"groups":["g"],"sub":"u"}"#
        );
        assert_eq!(
            kept(&KeptClaims::all().and(["x"]), token),
            r#"{"groups":["g"],"https://x/roles":["a"],"name":"Una","org_id":"o","sub":"u"}"#
        );
        let but = KeptClaims::all_but(["groups", "org_id", "sub"]);
        assert_eq!(kept(&but, token), r#"{"https://x/roles":["a"],"name":"Una","sub":"u"}"#);
        let again = but.and(["groups"]);
        assert_eq!(
            kept(&again, token),
            r#"{"groups":["g"],"https://x/roles":["a"],"name":"Una","sub":"u"}"#
        );
    }

    #[test]
    fn newer_claims_replace_older_ones_and_leave_the_rest() {
        let older = UserClaims(claims(r#"{"sub":"u","name":"Una","email":"u@x"}"#));
        let newer = UserClaims(claims(r#"{"sub":"u","name":"Una B"}"#));
        let both = older.renewed(&newer);
        assert_eq!(both.claims().to_json(), r#"{"email":"u@x","name":"Una B","sub":"u"}"#);
    }
}
