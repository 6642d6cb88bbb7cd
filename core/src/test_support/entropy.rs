//! Entropy that counts. The benches and the fuzz targets have it from here.
#![allow(unreachable_pub, reason = "the fuzz targets hand it on")]

use portcullis_core::entropy::{Entropy, EntropyError};

/// Other bytes at each draw, and the same ones in every run.
#[derive(Debug, Default)]
pub struct Counting(u64);

impl From<u64> for Counting {
    fn from(start: u64) -> Self {
        Self(start)
    }
}

impl Entropy for Counting {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            self.0 += 1;
            let block = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}
