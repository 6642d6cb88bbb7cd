//! Public keys on elliptic curves, by the shape of their numbers. Whether a point is on its curve
//! is for the provider to check, when it prepares the key.

use super::KeyRejected;

/// A public key on P-256: the two coordinates of a point (RFC 7518 §6.2.1).
#[derive(Clone, Copy, Debug)]
pub struct P256PublicKey {
    x: [u8; 32],
    y: [u8; 32],
}

impl P256PublicKey {
    /// Takes coordinates of exactly 32 bytes each, leading zeros included (RFC 7518 §6.2.1.2).
    ///
    /// # Errors
    ///
    /// [`KeyRejected::Length`] for any other length.
    pub fn new(x: &[u8], y: &[u8]) -> Result<Self, KeyRejected> {
        let coordinate = |bytes: &[u8]| bytes.try_into().map_err(|_| KeyRejected::Length);
        Ok(Self { x: coordinate(x)?, y: coordinate(y)? })
    }

    /// The point, uncompressed (SEC 1 §2.3.3): 4, then both coordinates.
    #[must_use]
    pub fn uncompressed(&self) -> [u8; 65] {
        let mut point = [4; 65];
        let coordinates = self.x.iter().chain(&self.y);
        for (byte, coordinate) in point.iter_mut().skip(1).zip(coordinates) {
            *byte = *coordinate;
        }
        point
    }
}

/// A public key for Ed25519 (RFC 8032 §5.1.5).
#[derive(Clone, Copy, Debug)]
pub struct Ed25519PublicKey([u8; 32]);

impl Ed25519PublicKey {
    /// Takes exactly 32 bytes.
    ///
    /// # Errors
    ///
    /// [`KeyRejected::Length`] for any other length.
    pub fn new(bytes: &[u8]) -> Result<Self, KeyRejected> {
        bytes.try_into().map(Self).map_err(|_| KeyRejected::Length)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// J12: numbers of another length are no keys.
    #[test]
    fn refuses_numbers_of_another_length() {
        for length in [0, 31, 33] {
            let bytes = alloc::vec![1; length];
            assert_eq!(P256PublicKey::new(&bytes, &[1; 32]).err(), Some(KeyRejected::Length));
            assert_eq!(P256PublicKey::new(&[1; 32], &bytes).err(), Some(KeyRejected::Length));
            assert_eq!(Ed25519PublicKey::new(&bytes).err(), Some(KeyRejected::Length));
        }
        let point = P256PublicKey::new(&[1; 32], &[2; 32]).unwrap().uncompressed();
        assert_eq!((point[0], point[1], point[32], point[33], point[64]), (4, 1, 1, 2, 2));
    }
}
