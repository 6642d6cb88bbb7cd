//! Which signature algorithms there are, and which keys they take.

use core::fmt;

/// A signature algorithm that a verifier may allow (RFC 7518 §3.1, RFC 8037 §3.1).
///
/// There is no `none` and nothing symmetric: what is not here cannot be allowed by any
/// configuration.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// `EdDSA`, with Ed25519 keys alone.
    EdDsa,
    /// ECDSA over P-256 with SHA-256.
    Es256,
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

impl SignatureAlgorithm {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::EdDsa, Self::Es256, Self::Ps256, Self::Rs256, Self::Rs384, Self::Rs512];

    /// The value of the `alg` header parameter. It is case-sensitive.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    /// The algorithm whose `alg` value is `name`, byte for byte.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The kind of key that it takes, and no other.
    #[must_use]
    pub const fn key_kind(self) -> KeyKind {
        match self {
            Self::EdDsa => KeyKind::Ed25519,
            Self::Es256 => KeyKind::P256,
            Self::Ps256 | Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyKind::Rsa,
        }
    }
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of public key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyKind {
    /// `kty` `OKP`, `crv` `Ed25519` (RFC 8037 §2).
    Ed25519,
    /// `kty` `EC`, `crv` `P-256` (RFC 7518 §6.2).
    P256,
    /// `kty` `RSA` (RFC 7518 §6.3).
    Rsa,
}

/// The crypto provider does not have an algorithm that is to be allowed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnsupportedAlgorithm(pub SignatureAlgorithm);

impl fmt::Display for UnsupportedAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the crypto provider does not have {}", self.0)
    }
}

impl core::error::Error for UnsupportedAlgorithm {}
