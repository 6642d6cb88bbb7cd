//! Nothing but a place for the benches: see `benches/token.rs`.
