//! Rewrite rules, matchers and patterns against the real Next.js and path-to-regexp: thousands of
//! generated questions, the same in every run, each put to both sides.
//!
//! Every difference that is meant to be belongs to a named class, and each test prints how often each
//! class occurred. A difference of no class fails the test and prints the smallest question that
//! shows it.

mod answer;
mod classes;
mod matchers;
mod node;
mod patterns;
mod question;
mod random;
mod rules;
mod source;

pub(crate) use random::Random;
