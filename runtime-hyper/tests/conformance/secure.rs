//! TLS towards providers and upstreams.

use super::{
    Harness,
    wire::{Peer, read_to_end},
};
use core::time::Duration;
use portcullis_core::http::{FetchError, Inbound, Outbound, Url};
use portcullis_hyper::{
    client::{Client, Fetcher, PoolLimits},
    tls,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    io::{Read as _, Write as _},
    sync::Arc,
};

/// A certificate authority, as a root in PEM, and a peer that has a certificate of it for `name`.
fn peer(name: &str) -> (String, Peer) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let config = Arc::new(config);
    let peer = Peer::new(move |stream, _| {
        let connection = ServerConnection::new(config.clone()).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        let mut head = [0; 1024];
        if stream.read(&mut head).is_ok_and(|length| length > 0) {
            assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").unwrap();
        }
    });
    (authority.pem(), peer)
}

fn request(peer: &Peer, host: &str) -> Outbound {
    let url = Url::parse(&format!("https://{host}:{}/", peer.address.port())).unwrap();
    Outbound { url, ..peer.get("/") }
}

fn fetch<H: Harness>(request: &Outbound, roots: Option<&str>) -> Result<Inbound, FetchError> {
    let config = tls::client_config(roots.map(str::as_bytes)).unwrap();
    let client = Client::new(H::runtime(), config, PoolLimits::default());
    H::block_on(Fetcher::new(client).fetch(request))
}

pub(crate) fn trusts_a_root_that_was_given<H: Harness>() {
    for name in ["localhost", "127.0.0.1"] {
        let (root, peer) = peer(name);
        let answer = fetch::<H>(&request(&peer, name), Some(&root)).unwrap();
        assert_eq!(answer.body, b"ok");
    }
}

pub(crate) fn trusts_no_other_root<H: Harness>() {
    let (_root, peer) = peer("localhost");
    let (other, _peer) = self::peer("localhost");
    for roots in [None, Some(&*other)] {
        let answer = fetch::<H>(&request(&peer, "localhost"), roots);
        assert_eq!(answer, Err(FetchError::Transport));
    }
}

pub(crate) fn trusts_no_certificate_for_another_name<H: Harness>() {
    let (root, peer) = peer("elsewhere.example");
    let answer = fetch::<H>(&request(&peer, "localhost"), Some(&root));
    assert_eq!(answer, Err(FetchError::Transport));
}

pub(crate) fn a_handshake_counts_towards_the_deadline<H: Harness>() {
    let peer = Peer::new(|mut stream, _| {
        read_to_end(&mut stream);
    });
    let mut request = request(&peer, "localhost");
    request.limits.deadline = Duration::from_millis(100);
    assert_eq!(fetch::<H>(&request, None), Err(FetchError::Timeout));
}
