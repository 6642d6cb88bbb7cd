//! Whose users sign in.

use crate::issuer::IssuerIndex;

/// The users that a gate signs in: those of a client at an issuer. Two issuers may know two clients
/// by one name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Clientele<'c> {
    pub(crate) issuer: IssuerIndex,
    pub(crate) client_id: &'c str,
}

impl Clientele<'_> {
    /// The number of the issuer among those that the program is set up with.
    pub(super) const fn issuer_number(self) -> [u8; 8] {
        (self.issuer.0 as u64).to_be_bytes()
    }
}
