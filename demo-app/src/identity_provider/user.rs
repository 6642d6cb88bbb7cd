//! Who signs in: a user name, from which every claim about the user follows.

use serde::Serialize;

use super::request::Scope;

/// 1 to 64 ASCII letters, digits, dots, hyphens and underscores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserName(String);

/// The claims that the scopes `profile` and `email` give (OpenID Connect Core 1.0 §5.4).
#[derive(Debug, Serialize)]
pub(super) struct ProfileClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
}

impl UserName {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        ((1..=64).contains(&text.len()) && text.bytes().all(allowed)).then(|| Self(text.to_owned()))
    }

    pub(super) fn from_subject(subject: &str) -> Option<Self> {
        Self::parse(subject.strip_prefix(SUBJECT_PREFIX)?)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn subject(&self) -> String {
        format!("{SUBJECT_PREFIX}{}", self.0)
    }

    pub(super) fn claims(&self, scope: &Scope) -> ProfileClaims {
        let with_email = scope.contains(Scope::EMAIL);
        ProfileClaims {
            name: scope.contains(Scope::PROFILE).then(|| self.0.clone()),
            email: with_email.then(|| format!("{}@portcullis.example", self.0)),
            email_verified: with_email.then_some(true),
        }
    }
}

const SUBJECT_PREFIX: &str = "dev|";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_only_names_that_need_no_escaping_anywhere() {
        for name in ["demo", "a", "A.b-c_9", &"x".repeat(64)] {
            assert!(UserName::parse(name).is_some(), "{name}");
        }
        for name in ["", " ", "a b", "<b>", "ü", "a@b", "a\0", &"x".repeat(65)] {
            assert!(UserName::parse(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_subject_leads_back_to_the_name() {
        let user = UserName::parse("demo").unwrap();
        assert_eq!(user.subject(), "dev|demo");
        assert_eq!(UserName::from_subject("dev|demo"), Some(user));
        assert_eq!(UserName::from_subject("demo"), None);
    }
}
