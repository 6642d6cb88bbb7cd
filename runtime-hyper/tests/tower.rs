//! The layers in stacks of others: tower's own, axum, hyper over HTTP/2, tonic.

#![cfg(all(feature = "aws-lc-rs", feature = "axum", feature = "tokio"))]
#![allow(clippy::unwrap_used)]

#[path = "tower/extractors.rs"]
mod extractors;
#[path = "tower/grpc.rs"]
mod grpc;
#[path = "tower/http2.rs"]
mod http2;
#[path = "tower/log.rs"]
mod log;
#[path = "tower/npm_cors.rs"]
mod npm_cors;
#[allow(dead_code, reason = "the conformance tests use the rest")]
#[path = "conformance/provider.rs"]
mod provider;
#[path = "tower/services.rs"]
mod services;
#[path = "tower/sign_in.rs"]
mod sign_in;
#[path = "tower/stack.rs"]
mod stack;
#[allow(dead_code, reason = "the conformance tests use the rest")]
#[path = "conformance/wire.rs"]
mod wire;
