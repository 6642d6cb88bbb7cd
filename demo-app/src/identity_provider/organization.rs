//! Organizations, as Auth0 has them: whom a user signs in for, by id or by name.
//!
//! Every user belongs to every organization here, and an organization exists as soon as somebody
//! asks for it.

use serde::Serialize;

/// An organization; its claims in ID tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Organization {
    org_id: String,
    org_name: String,
}

impl Organization {
    /// The organization that a request asks for: an id starts with `org_`, anything else is a name,
    /// whose letters may be of either case.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=64).contains(&text.len()) || !text.bytes().all(allowed) {
            return None;
        }
        Some(match text.strip_prefix(ID_PREFIX) {
            Some(name) if !name.is_empty() => {
                Self { org_id: text.to_owned(), org_name: name.to_ascii_lowercase() }
            }
            Some(_) => return None,
            None => {
                let name = text.to_ascii_lowercase();
                Self { org_id: format!("{ID_PREFIX}{name}"), org_name: name }
            }
        })
    }
}

const ID_PREFIX: &str = "org_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organization_goes_by_id_or_by_name() {
        let organization = |id: &str, name: &str| {
            Some(Organization { org_id: id.to_owned(), org_name: name.to_owned() })
        };
        assert_eq!(Organization::parse("org_acme"), organization("org_acme", "acme"));
        assert_eq!(Organization::parse("Acme"), organization("org_acme", "acme"));
        assert_eq!(Organization::parse("org_A1"), organization("org_A1", "a1"));
        for text in ["", "org_", "a b", "<x>", &"x".repeat(65)] {
            assert_eq!(Organization::parse(text), None, "{text}");
        }
    }
}
