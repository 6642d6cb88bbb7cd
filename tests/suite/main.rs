//! What crosses crates.

mod next_differential;
