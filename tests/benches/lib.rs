//! Nothing but a place for the benches, each of which says on top what it measures.
