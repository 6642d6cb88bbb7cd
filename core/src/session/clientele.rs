//! Whose users sign in.

/// The users that a gate signs in: those of a client at an issuer. Two issuers may know two clients
/// by one name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Clientele<'c> {
    /// As it is configured, without a final slash.
    pub(crate) issuer: &'c str,
    pub(crate) client_id: &'c str,
}
